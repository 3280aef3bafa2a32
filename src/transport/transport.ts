/**
 * The bus as actors see it: subjects, key-value buckets, streams. `nats.ts` is the real one, `memory.ts` the one of local mode and, with a simulated
 * network behind it, of the simulator. All three must pass the same contract suite (`test/transport/contract.ts`).
 */

export interface IncomingMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** Answers a request; does nothing for a plain publish. A second answer is ignored. */
  respond(data: Uint8Array): void
}

export interface Subscription {
  /** No message is delivered after this returns. */
  unsubscribe(): void
}

export type TransportStatus = 'connected' | 'disconnected' | 'closed'

export interface RequestOptions {
  /** Milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface StreamOptions {
  readonly subjects: string
  readonly maxAgeMs?: number
  readonly maxBytes?: number
  /** Also correct the limits of a stream that exists: for its owner. */
  readonly adjust?: boolean
}

export interface Transport {
  publish(subject: string, data: Uint8Array): void
  /**
   * Sends and waits for the first answer. Rejects with `SpkError`: `SPK_NO_RESPONDERS` (nobody subscribes now), `SPK_REQUEST_TIMEOUT` (asked, no answer in
   * time: it may have been carried out), `SPK_DISCONNECTED`; all three retryable. `SPK_MESSAGE_TOO_LARGE` above the 1 MiB of the server.
   * `SPK_REQUEST_ABORTED` when `signal` aborts.
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** `subject` may end in `>` or hold `*`. A handler that throws is logged, never fatal. */
  subscribe(subject: string, handler: (message: IncomingMessage) => void): Subscription
  /**
   * Opens a bucket, creating it when missing. `ttlMs` applies to every key (silent expiry: watchers may hear nothing of it). A bucket that exists keeps the
   * lifetime it was made with, whatever is asked for: see `Bucket.ttlMs`.
   */
  bucket(name: string, options?: { readonly ttlMs?: number; readonly history?: number; readonly memory?: boolean }): Promise<Bucket>
  /** Opens an append-only stream, creating it when missing. The limits of one that exists stay as they are. */
  stream(name: string, options: StreamOptions): Promise<EventStream>
  onStatus(listener: (status: TransportStatus) => void): void
  /** Flushes and closes; pending requests reject. */
  close(): Promise<void>
}

export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
}

/**
 * A key-value bucket. Revisions grow over the whole bucket and never repeat while the store lives, so a revision is a fencing token; a store that was
 * lost as a whole counts from 1 again. Operations reject with `SPK_CAS_FAILED`
 * (not retryable: someone else wrote) or `SPK_BUS_UNAVAILABLE` (retryable, and AMBIGUOUS: the write may have happened; read again and compare).
 */
export interface Bucket {
  /** Reads from the leader of the stream, never from a follower: sees every acknowledged write. */
  get(key: string): Promise<Entry | undefined>
  /** Writes only when the key does not exist (or is deleted or expired). Returns the revision. */
  create(key: string, value: Uint8Array): Promise<number>
  /** Writes only when the key's last revision is `revision`. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>
  put(key: string, value: Uint8Array): Promise<number>
  /** With `revision`: only when it is still the last one. */
  delete(key: string, revision?: number): Promise<void>
  /** All live entries, in no order. */
  entries(): Promise<Entry[]>
  /** The lifetime of keys as the bucket has it now, milliseconds; 0: for ever. */
  ttlMs(): Promise<number>
  /** Tells what is there, then every change. A hint, not a source of truth: may miss expiry, may repeat after a reconnect. `undefined` value = deleted. */
  watch(listener: (key: string, value: Uint8Array | undefined, revision: number) => void): Promise<Subscription>
}

export interface StreamRecord {
  readonly sequence: number
  readonly subject: string
  readonly data: Uint8Array
  /** Epoch milliseconds, by the server. */
  readonly time: number
}

export interface EventStream {
  /** Appends; a repeat with the same `id` within the server's window is stored once. Returns the sequence. */
  append(subject: string, data: Uint8Array, id?: string): Promise<number>
  /** Reads what is stored now, oldest first, then ends. `filter` is one subject, wildcards allowed. */
  read(options?: { readonly filter?: string; readonly fromSequence?: number }): AsyncIterable<StreamRecord>
}
