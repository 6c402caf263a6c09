/** {@link RESET_SESSION} where nobody can have prepared a statement: ours may stay. */
export const RESET_ALL_BUT_PREPARED =
  'reset session authorization; reset role; reset all; close all; unlisten *; discard temp; discard sequences'

/** Everything a file can leave behind in a session, put back; the advisory lock stays. */
export const RESET_SESSION = `${RESET_ALL_BUT_PREPARED}; deallocate all`
