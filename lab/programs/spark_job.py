"""spark_job.py MODE [ARGUMENT]: small Spark jobs on two local cores."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType


def missing_path(spark, argument):
    return spark.read.parquet(argument + "/events/dt=2026-11-24").count()


def missing_column(spark, argument):
    orders = spark.createDataFrame([(1, 20.0), (2, 5.0)], ["id", "amount"])
    return orders.groupBy("customer_id").agg(F.sum("amount")).count()


def failing_udf(spark, argument):
    @F.udf(IntegerType())
    def parse(code):
        return int(code.split("-")[1])

    codes = spark.createDataFrame([("A-1",), ("A-2",), ("B",)], ["code"]).repartition(2)
    return codes.select(parse("code").alias("n")).agg(F.sum("n")).collect()


def bad_cast(spark, argument):
    spark.conf.set("spark.sql.ansi.enabled", "true")
    rows = spark.createDataFrame([("1",), ("zwölf",)], ["amount"])
    return rows.select(F.col("amount").cast("int")).collect()


def no_source(spark, argument):
    return spark.read.format("com.acme.spark.excel").load(argument).count()


def pickles(spark, argument):
    import threading

    lock = threading.Lock()
    return spark.sparkContext.parallelize(range(10)).map(lambda n: (lock, n)).count()


def worker_memory(spark, argument):
    return spark.range(1).rdd.map(lambda _: bytearray(10**15)).count()


def noisy_success(spark, argument):
    spark.sparkContext.setLogLevel("INFO")
    print("rows with status 403:", spark.range(403).count(), "errors: 0")
    return spark.range(10_000).selectExpr("sum(id)").collect()


def main():
    mode, argument = sys.argv[1], (sys.argv + [""])[2]
    spark = SparkSession.builder.master("local[2]").appName("nightly").getOrCreate()
    if mode != "quiet":
        spark.sparkContext.setLogLevel("INFO")
    print("spark", spark.version, "job", "nightly")
    print(globals()[mode](spark, argument))
    spark.stop()


if __name__ == "__main__":
    main()
