/** Submit client or page → leading master: cluster-mode drivers, kills, and the master's whole state. The client gives the id, so a repeated submission is one driver. */

import { DriverDescription, DriverState } from './common.js'
import { Ack, message, Type } from './wire.js'

export const RequestSubmitDriver = message(
  'requestSubmitDriver',
  Type.Object({ driverId: Type.String(), description: DriverDescription }),
  Type.Object({ driverId: Type.String(), masterId: Type.String() }),
)

export const RequestDriverStatus = message(
  'requestDriverStatus',
  Type.Object({ driverId: Type.String() }),
  Type.Object({
    found: Type.Boolean(),
    state: Type.Optional(DriverState),
    workerId: Type.Optional(Type.String()),
    workerHost: Type.Optional(Type.String()),
    exitCode: Type.Optional(Type.Integer()),
    message: Type.Optional(Type.String()),
  }),
)

export const RequestKillDriver = message(
  'requestKillDriver',
  Type.Object({ driverId: Type.String() }),
  Type.Object({ accepted: Type.Boolean(), message: Type.String() }),
)

export const RequestKillApplication = message('requestKillApplication', Type.Object({ appId: Type.String() }), Ack)

/** The body of the master's `/json/`, as JSON text (its shape is Spark's, see `ui/`). */
export const RequestMasterState = message('requestMasterState', Type.Object({}), Type.Object({ json: Type.String() }))
