/** The schema in the user's database that holds this action's ledger and baselines; never reported as the user's own. */
export const OWN_SCHEMA = 'neon_setup'
