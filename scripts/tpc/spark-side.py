"""Spark itself over a suite's files. The first input line is JSON with data and threads; every further one a query: {"sql": ..., "rows": true or
false}. Answers with one JSON line each: the version first, then milliseconds until all rows are here and, when asked for, names, types and rows as text;
or the error. Runs only where pyspark can be imported."""
import decimal
import json
import os
import sys
import time

from pyspark.sql import SparkSession


def cell(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return str(value)


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
    order = json.loads(line)
    began = time.perf_counter()
    try:
        frame = spark.sql(order["sql"])
        rows = frame.collect()
        answer = {"ms": (time.perf_counter() - began) * 1000}
        if order["rows"]:
            answer["columns"] = [[field.name, field.dataType.simpleString()] for field in frame.schema]
            answer["rows"] = [[cell(value) for value in row] for row in rows]
        print(json.dumps(answer), flush=True)
    except Exception as error:  # the caller prints it
        print(json.dumps({"error": str(error).split("\n")[0]}), flush=True)
spark.stop()
