"""Spark itself over a suite's files, for a bench: a table per line of the first input line (JSON: data, threads), then a query text as JSON per line;
answers with one JSON line each: milliseconds until all rows are here, or the error. Runs only where pyspark can be imported."""
import json
import os
import sys
import time

from pyspark.sql import SparkSession

start = json.loads(sys.stdin.readline())
spark = (
    SparkSession.builder.master(f"local[{start['threads']}]")
    .config("spark.driver.memory", "8g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "8")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
for name in os.listdir(start["data"]):
    spark.read.parquet(os.path.join(start["data"], name)).createOrReplaceTempView(name.removesuffix(".parquet"))
print(json.dumps({"version": spark.version}), flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    try:
        spark.sql(json.loads(line)).collect()
        print(json.dumps({"ms": (time.perf_counter() - began) * 1000}), flush=True)
    except Exception as error:  # the caller prints it
        print(json.dumps({"error": str(error).split("\n")[0]}), flush=True)
spark.stop()
