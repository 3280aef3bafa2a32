/**
 * Cuts files into the splits of scan tasks, by Spark's rule for the size of a split: Parquet by contiguous row groups, other formats whole files; small
 * pieces are packed together, each counting its opening cost.
 */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import type { FileVersion, ScanSplit } from '../../core/stage.js'
import type { FileInfo, RowGroupInfo } from '../ports.js'

/** The splits of each task. Every file with rows appears; one large file is spread over all slots. Row groups that are not wanted are left out. */
export function scanTasks(
  files: readonly FileInfo[],
  settings: Conf,
  parallelism: number,
  isWanted: (group: RowGroupInfo) => boolean = () => true,
): ScanSplit[][] {
  const openCost = settings.get(conf.filesOpenCost)
  const runs = files.flatMap(f => wantedRuns(f, isWanted))
  const total = runs.reduce((sum, r) => sum + r.size + openCost, 0)
  // As many tasks for each slot.
  const rounds = Math.max(1, Math.ceil(total / parallelism / mostBytes(settings, parallelism, total)))
  const target = Math.max(1, openCost, total / (parallelism * rounds))
  const pieces = runs.flatMap(r => cut(r, target))
  // Largest first packs best, and is Spark's order. The sort is stable, so equal pieces keep the order of the files.
  return pack(
    [...pieces].sort((a, b) => b.bytes - a.bytes),
    target,
    openCost,
  )
}

/** Tasks for each slot that are enough to even out what each takes. */
const enoughRounds = 4
/** No scan task is larger than this unasked: it may have to run again. */
const largestUnasked = 512 * 2 ** 20

/**
 * Bytes that a scan task may read. Nobody having set it, more than the option's default where the slots have enough to do anyway, and memory enough: what
 * each task does once, be it plans or the hash tables of what is broadcast, is done less often. Of the memory, a quarter of what is surely a slot's.
 */
function mostBytes(settings: Conf, parallelism: number, total: number): number {
  const least = settings.get(conf.filesMaxPartitionBytes)
  if (settings.text(conf.filesMaxPartitionBytes) !== undefined) return least
  const memory = settings.get(conf.executorMemory) / (settings.optional(conf.executorCores) ?? parallelism) / 4
  return Math.max(least, Math.min(largestUnasked, memory, total / parallelism / enoughRounds))
}

/** Neighbouring row groups of a file. */
interface Run {
  readonly file: FileVersion
  /** Bytes of the file that belong to it. */
  readonly size: number
  /** Undefined: the whole file, whatever is in it. */
  readonly groups: readonly RowGroupInfo[] | undefined
  /** All groups of the file. */
  readonly whole: boolean
  /** Groups and rows before it. */
  readonly first: number
  readonly rowFrom: number
}

function wantedRuns({ file, rowGroups: groups }: FileInfo, isWanted: (group: RowGroupInfo) => boolean): Run[] {
  const whole: Run = { file, size: file.size, groups, whole: true, first: 0, rowFrom: 0 }
  const wanted = groups?.map(isWanted)
  if (groups === undefined || wanted === undefined || !wanted.includes(false)) return [whole]
  const scale = file.size / Math.max(1, bytesOf(groups))
  const runs: Run[] = []
  let rowFrom = 0
  for (let i = 0; i < groups.length; ) {
    let to = i
    while (to < groups.length && wanted[to] === wanted[i]) to++
    const part = groups.slice(i, to)
    if (wanted[i]) runs.push({ file, size: Math.round(bytesOf(part) * scale), groups: part, whole: false, first: i, rowFrom })
    rowFrom += rowsOf(part)
    i = to
  }
  return runs
}

function rowsOf(groups: readonly RowGroupInfo[]): number {
  return groups.reduce((sum, g) => sum + g.rows, 0)
}

function bytesOf(groups: readonly RowGroupInfo[]): number {
  return groups.reduce((sum, g) => sum + g.bytes, 0)
}

/** A run of row groups as contiguous ranges, evenly large, of about `target` bytes. */
function cut(run: Run, target: number): ScanSplit[] {
  const { file, size, groups } = run
  if (groups === undefined) return [{ file, bytes: size }]
  if (run.whole && (groups.length <= 1 || size <= target)) return rowsOf(groups) === 0 ? [] : [{ file, bytes: size, rows: rowsOf(groups) }]
  const pieces: ScanSplit[] = []
  const total = bytesOf(groups)
  // Footers give sizes of groups; the file's own size is what the target is about.
  const scale = size / Math.max(1, total)
  const ideal = total / Math.max(1, Math.ceil(size / target))
  let from = 0
  let rowFrom = run.rowFrom
  let bytes = 0
  let before = 0
  const push = (to: number) => {
    const rows = rowsOf(groups.slice(from, to))
    const rowGroups = { from: run.first + from, to: run.first + to, rowFrom, rowTo: rowFrom + rows }
    if (rows > 0) pieces.push({ file, rowGroups, bytes: Math.round(bytes * scale), rows })
    from = to
    rowFrom += rows
    before += bytes
    bytes = 0
  }
  for (let i = 0; i < groups.length; i++) {
    const own = groups[i]?.bytes ?? 0
    // A group goes where the larger part of it lies when the run is cut into even pieces, none too large.
    if (i > from && (before + bytes + own / 2 > ideal * (pieces.length + 1) || (bytes + own / 2) * scale > target)) push(i)
    bytes += own
  }
  push(groups.length)
  return pieces
}

function pack(pieces: readonly ScanSplit[], target: number, openCost: number): ScanSplit[][] {
  const tasks: ScanSplit[][] = []
  let current: ScanSplit[] = []
  let size = 0
  for (const piece of pieces) {
    if (current.length > 0 && size + piece.bytes > target) {
      tasks.push(current)
      current = []
      size = 0
    }
    current.push(piece)
    size += piece.bytes + openCost
  }
  if (current.length > 0) tasks.push(current)
  return tasks
}
