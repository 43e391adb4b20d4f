"""A Chinese message says that a field is missing."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Nested causes with Chinese text."""
    from lab.authoring import task

    @task
    def import_orders_cn() -> None:
        print("开始导入订单，批次 20261124，错误 0")
        try:
            {"订单号": 7}["金额"]
        except KeyError as error:
            raise ValueError("第 17 行数据不完整：缺少字段“金额”") from error

    import_orders_cn()


FAULT = Fault(
    name="chinese_validation",
    family="data_error",
    dag_id="orders_cn",
    cause="a field is missing, in Chinese",
    states="缺少字段“金额”",
    accepted=("code_error",),
    build=build,
)
