package com.acme.ledger;

import java.io.FileOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A chatty batch job in the manner of Spark drivers and Spring Batch: LedgerJob MODE [ARGUMENT]. */
public final class LedgerJob {
  private static final Random RANDOM = new Random(7);

  private LedgerJob() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("java.util.logging.SimpleFormatter.format", "%5$s");
    chatter(25);
    try {
      step(arguments[0], arguments.length > 1 ? arguments[1] : "");
      log("INFO", "LedgerJob", "Job finished: COMPLETED, errors=0");
    } finally {
      chatter(30);
      log("INFO", "ShutdownHookManager", "Shutdown hook called");
    }
  }

  private static void step(String mode, String argument) throws Exception {
    switch (mode) {
      case "lookup" -> wrapped(() -> bookUnknown());
      case "cast" -> wrapped(() -> total(List.of(1, "2,50", 3)));
      case "heap" -> fill();
      case "driver" -> wrapped(() -> Class.forName("com.mysql.cj.jdbc.Driver"));
      case "connect" -> wrapped(() -> new Socket("127.0.0.1", Integer.parseInt(argument)).close());
      case "slow" -> wrapped(() -> neverAnswered());
      case "disk" -> wrapped(() -> spill(argument));
      case "status" -> wrapped(() -> fetch(argument));
      case "property" -> wrapped(() -> required("ledger.jdbc.url"));
      case "handled" -> handled();
      default -> throw new IllegalArgumentException(mode);
    }
  }

  private static void wrapped(Runner body) {
    try {
      body.run();
    } catch (Exception error) {
      log("ERROR", "StepExecution", "Encountered an error executing step bookStep in job ledger");
      throw new IllegalStateException("Job ledger ended with status FAILED", error);
    }
  }

  private interface Runner {
    void run() throws Exception;
  }

  private static void bookUnknown() {
    Map<String, String> accounts = new HashMap<>();
    accounts.put("4711", "rent");
    log("INFO", "Bookkeeper", "booking 4812, timeout=30");
    System.out.println(accounts.get("4812").toUpperCase());
  }

  private static void total(List<?> amounts) {
    int sum = 0;
    for (Object amount : amounts) {
      sum += (Integer) amount;
    }
    System.out.println(sum);
  }

  private static void fill() {
    List<long[]> pages = new ArrayList<>();
    while (true) {
      pages.add(new long[131072]);
      log("INFO", "PageCache", "pages=" + pages.size() + " cached");
    }
  }

  private static void neverAnswered() throws IOException {
    try (ServerSocket silent = new ServerSocket(0);
        Socket client = new Socket()) {
      client.connect(new InetSocketAddress("127.0.0.1", silent.getLocalPort()), 1000);
      client.setSoTimeout(1500);
      client.getInputStream().read();
    }
  }

  private static void spill(String folder) throws IOException {
    String path = folder + "/ledger-" + ProcessHandle.current().pid() + ".spill";
    try (FileOutputStream sink = new FileOutputStream(path)) {
      for (int block = 0; block < 200; block++) {
        sink.write(new byte[8192]);
        log("INFO", "ExternalSorter", "spilled block " + block);
      }
    } finally {
      new java.io.File(path).delete();
    }
  }

  private static void fetch(String address) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(address).openConnection();
    connection.getInputStream().read();
  }

  private static void required(String name) {
    String value = System.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("Could not resolve placeholder '" + name + "' in value \"${" + name + "}\"");
    }
  }

  private static void handled() {
    try {
      throw new ConnectException("Connection refused (replica db-2)");
    } catch (ConnectException error) {
      log("ERROR", "ReplicaSelector", "replica db-2 failed, failed over to db-1 successfully");
      error.printStackTrace();
    }
  }

  private static void chatter(int lines) {
    for (int line = 0; line < lines; line++) {
      log("INFO", "TaskSetManager", String.format("Finished task %d.0 in stage 2.0 (TID %d) in %d ms on worker-%d (executor 1) (%d/%d)",
          line, 100 + line, 20 + RANDOM.nextInt(400), RANDOM.nextInt(4), line + 1, lines));
    }
    log("WARN", "NativeCodeLoader", "Unable to load native-hadoop library for your platform... using builtin-java classes where applicable");
  }

  private static void log(String level, String source, String text) {
    System.out.printf("26/11/25 03:%02d:%02d %s %s: %s%n", RANDOM.nextInt(60), RANDOM.nextInt(60), level, source, text);
  }
}
