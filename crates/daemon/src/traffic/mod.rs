//! What the switch does with packets, asked for one request or for all that ask at once.

pub(crate) mod params;
pub(crate) mod rates;
pub(crate) mod routes;
