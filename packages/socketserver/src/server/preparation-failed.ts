/**
 * What a request ends with whose client did not get through what comes before the handler, where a worker did that. It
 * is published already, counts as failed, and is no error of the request's.
 */
export class PreparationFailed extends Error {}
