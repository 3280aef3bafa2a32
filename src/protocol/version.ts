/** The wire version: one number, raised with every incompatible change of a message schema. A peer with another number is refused at registration. */

/** History: 1 = first wire. */
export const PROTOCOL_VERSION = 1

/** Version of this package; kept equal to package.json by a test. */
export const SPK_VERSION = '0.1.0'

/** Schema version of KV values and event-log records (`v`). */
export const RECORD_VERSION = 1
