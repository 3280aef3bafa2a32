/**
 * Cuts files into the splits of scan tasks, by Spark's rule for the size of a split: Parquet by contiguous row groups, other formats whole files; small
 * pieces are packed together, each counting its opening cost.
 */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import type { ScanSplit } from '../../core/stage.js'
import type { FileInfo } from '../ports.js'

/** The splits of each task. Every file with rows appears; one large file is spread over all slots. */
export function scanTasks(files: readonly FileInfo[], settings: Conf, parallelism: number): ScanSplit[][] {
  const openCost = settings.get(conf.filesOpenCost)
  const total = files.reduce((sum, f) => sum + f.file.size + openCost, 0)
  // As many tasks for each slot.
  const rounds = Math.max(1, Math.ceil(total / parallelism / settings.get(conf.filesMaxPartitionBytes)))
  const target = Math.max(1, openCost, total / (parallelism * rounds))
  const pieces = files.flatMap(f => cut(f, target))
  // Largest first packs best, and is Spark's order. The sort is stable, so equal pieces keep the order of the files.
  return pack(
    [...pieces].sort((a, b) => b.bytes - a.bytes),
    target,
    openCost,
  )
}

/** One file as contiguous ranges of row groups, evenly large, of about `target` bytes. */
function cut(info: FileInfo, target: number): ScanSplit[] {
  const groups = info.rowGroups
  if (groups === undefined) return [{ file: info.file, bytes: info.file.size }]
  const rowsOf = (from: number, to: number) => groups.slice(from, to).reduce((sum, g) => sum + g.rows, 0)
  if (groups.length <= 1 || info.file.size <= target)
    return rowsOf(0, groups.length) === 0 ? [] : [{ file: info.file, bytes: info.file.size, rows: rowsOf(0, groups.length) }]
  const pieces: ScanSplit[] = []
  const total = groups.reduce((sum, g) => sum + g.bytes, 0)
  // Footers give sizes of groups; the file's own size is what the target is about.
  const scale = info.file.size / Math.max(1, total)
  const ideal = total / Math.ceil(info.file.size / target)
  let from = 0
  let rowFrom = 0
  let bytes = 0
  let before = 0
  for (let i = 0; i < groups.length; i++) {
    const size = groups[i]?.bytes ?? 0
    // A group goes where the larger part of it lies when the file is cut into even pieces, none too large.
    if (i > from && (before + bytes + size / 2 > ideal * (pieces.length + 1) || (bytes + size / 2) * scale > target)) {
      const rows = rowsOf(from, i)
      pieces.push({ file: info.file, rowGroups: { from, to: i, rowFrom, rowTo: rowFrom + rows }, bytes: Math.round(bytes * scale), rows })
      from = i
      rowFrom += rows
      before += bytes
      bytes = 0
    }
    bytes += size
  }
  const rows = rowsOf(from, groups.length)
  pieces.push({ file: info.file, rowGroups: { from, to: groups.length, rowFrom, rowTo: rowFrom + rows }, bytes: Math.round(bytes * scale), rows })
  return pieces.filter(p => p.rows !== 0)
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
