/**
 * The disks of the simulation: shuffle and result files below each worker, and the shared folder that writes go to. Who may read what follows the real
 * rules: a file on one's own host from the disk, another host's only through its living worker.
 */
import { SpkError } from '#src/core/errors.js'
import type { SimNet } from './net.js'
import type { SimNode } from './node.js'
import type { Row } from './rows.js'

export interface BlockFile {
  /** Rows per partition. */
  readonly partitions: readonly (readonly Row[])[]
}

interface Disk {
  readonly node: SimNode
  readonly life: number
  readonly apps: Map<string, Map<string, BlockFile>>
}

export class Disks {
  readonly #net: SimNet
  /** By worker id: each life of a worker has a folder of its own. */
  readonly #disks = new Map<string, Disk>()

  constructor(net: SimNet) {
    this.#net = net
  }

  /** A worker began; what its host's earlier lives left is removed. */
  open(workerId: string, node: SimNode): void {
    for (const [id, disk] of this.#disks) if (disk.node === node && id !== workerId) this.#disks.delete(id)
    if (!this.#disks.has(workerId)) this.#disks.set(workerId, { node, life: node.life, apps: new Map() })
  }

  /** Makes the application's folder. */
  admit(workerId: string, appId: string): void {
    const disk = this.#disks.get(workerId)
    if (disk !== undefined && !disk.apps.has(appId)) disk.apps.set(appId, new Map())
  }

  removeApp(workerId: string, appId: string): void {
    this.#disks.get(workerId)?.apps.delete(appId)
  }

  /** False when the application's folder is gone. */
  write(workerId: string, appId: string, file: string, block: BlockFile): boolean {
    const app = this.#disks.get(workerId)?.apps.get(appId)
    app?.set(file, block)
    return app !== undefined
  }

  /** Removes the files of these stages; their names hold the stage's number. */
  removeStages(workerId: string, appId: string, stages: readonly number[]): void {
    const app = this.#disks.get(workerId)?.apps.get(appId)
    for (const file of [...(app?.keys() ?? [])]) if (stages.includes(Number(file.split('_')[1]))) app?.delete(file)
  }

  /** Undefined when it cannot be had: gone, or its worker does not answer. */
  read(from: SimNode, workerId: string, appId: string, file: string): BlockFile | undefined {
    const disk = this.#disks.get(workerId)
    const block = disk?.apps.get(appId)?.get(file)
    if (disk === undefined || block === undefined || from.host === disk.node.host) return block
    const serving = disk.node.life === disk.life && !disk.node.paused
    return serving && !this.#net.isCut(disk.node.host) && !this.#net.isCut(from.host) ? block : undefined
  }

  /** Files that exist on workers that live, as `worker/app/file`. */
  left(): string[] {
    return [...this.#disks].flatMap(([worker, disk]) =>
      disk.node.life === disk.life
        ? [...disk.apps].flatMap(([app, files]) => [`${worker}/${app}`, ...[...files.keys()].map(f => `${worker}/${app}/${f}`)])
        : [],
    )
  }
}

/** The shared folder: temporary folders, and what became visible. */
export class Outputs {
  readonly temporary = new Map<string, Map<string, readonly Row[]>>()
  readonly visible = new Map<string, Map<string, readonly Row[]>>()
  /** Told when a partition is committed twice, or a job. */
  onSecondCommit: (what: string) => void = () => {}

  prepare(path: string, job: number): string {
    if (this.visible.has(path)) throw new SpkError('PATH_ALREADY_EXISTS', `${path} exists.`, { sqlState: '42K04' })
    const folder = `${path}/_temporary/${job}`
    this.temporary.set(folder, new Map())
    return folder
  }

  /** False when the temporary folder is gone: the job is over. */
  write(folder: string, file: string, rows: readonly Row[]): boolean {
    const files = this.temporary.get(folder)
    files?.set(file, rows)
    return files !== undefined
  }

  commit(path: string, folder: string, files: readonly string[]): string[] {
    if (this.visible.has(path)) this.onSecondCommit(path)
    const partitions = files.map(file => file.slice(file.lastIndexOf('/')).split('-')[1])
    if (new Set(partitions).size !== partitions.length) this.onSecondCommit(files.join(' '))
    const written = this.temporary.get(folder)
    if (written === undefined) throw new SpkError('SPK_WRITE_FAILED', `${folder} is gone.`)
    const moved = new Map<string, readonly Row[]>()
    for (const file of files) {
      const rows = written.get(file)
      if (rows === undefined) throw new SpkError('SPK_WRITE_FAILED', `${file} is gone.`)
      moved.set(file.replace(`${folder}/`, `${path}/`), rows)
    }
    this.visible.set(path, moved)
    this.temporary.delete(folder)
    return [...moved.keys()]
  }

  abort(folder: string): void {
    this.temporary.delete(folder)
  }
}
