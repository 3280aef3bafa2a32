/** How a bucketed table's rows lie in its files: CLUSTERED BY. Each file holds rows of one bucket, whose number is in its name, as in Spark's. */
import { SpkError } from '../core/errors.js'

export interface BucketSpec {
  readonly count: number
  /** By whose hash a row's bucket is found. */
  readonly columns: readonly string[]
  /** By which the rows of each file are sorted, ascending. */
  readonly sortColumns: readonly string[]
}

/** The bucket of a file of a table of `count` buckets. Error: `INVALID_BUCKET_FILE` (58030) when its name tells none. */
export function bucketOf(uri: string, count: number): number {
  const number = /_(\d+)(?:\.[^/]*)?$/.exec(uri)?.[1]
  if (number !== undefined && Number(number) < count) return Number(number)
  throw new SpkError(
    'INVALID_BUCKET_FILE',
    `Invalid bucket file: ${uri}. Files of a table of ${count} buckets end in the number of their bucket, as part-00000-…_00000.c000.parquet does. Take the file away, or read the table with spark.sql.sources.bucketing.enabled=false.`,
    { sqlState: '58030', params: { path: uri } },
  )
}
