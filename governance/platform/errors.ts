/** What is known about a call to Mistral that failed. */
export interface MistralErrorDetails {
  readonly status?: number;
  /** Mistral's id for the request, for its support. */
  readonly requestId?: string;
}

/** Mistral answered with an error, or not as expected. Its message never quotes a body or a header. */
export class MistralError extends Error {
  override readonly name: string = 'MistralError';
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, { status, requestId }: MistralErrorDetails = {}) {
    super(requestId ? `${message} (request ${requestId})` : message);
    this.status = status;
    this.requestId = requestId;
  }
}

/** 401 or 403: Mistral rejects the key that made the call. */
export class MistralUnauthorizedError extends MistralError {
  override readonly name = 'MistralUnauthorizedError';
}

/** 404. */
export class MistralNotFoundError extends MistralError {
  override readonly name = 'MistralNotFoundError';
}

/** 429, still after the retries. */
export class MistralRateLimitedError extends MistralError {
  override readonly name = 'MistralRateLimitedError';
}

/** 5xx, a timeout or a broken connection, still after the retries. */
export class MistralUnavailableError extends MistralError {
  override readonly name = 'MistralUnavailableError';
}

/** Any other 4xx: the request itself was wrong. */
export class MistralRequestError extends MistralError {
  override readonly name = 'MistralRequestError';
}

/** A success whose body is not what the API documents: HTML, cut off, other fields. */
export class MistralResponseError extends MistralError {
  override readonly name = 'MistralResponseError';
}

/** The secret with the Admin API key is empty or of another form than a key or `{"apiKey": …}`. */
export class AdminKeyError extends Error {
  override readonly name = 'AdminKeyError';
}

/** The value of a managed secret is not of the form that the rotation writes, or its key is none. */
export class SecretValueError extends Error {
  override readonly name = 'SecretValueError';
}

/** A secret that was there before this product cannot be used as the policy says. */
export class SecretRefusedError extends Error {
  override readonly name = 'SecretRefusedError';
}

/** A managed secret that no key was stored in yet. */
export class SecretEmptyError extends Error {
  override readonly name = 'SecretEmptyError';
}

/** A secret that Secrets Manager does not have. */
export class SecretGoneError extends Error {
  override readonly name = 'SecretGoneError';
}

/** On-call was to be notified of what no execution of the retirement flow is at. */
export class NotOfFlowError extends Error {
  override readonly name = 'NotOfFlowError';
}

/** A secret that the policy does not name. */
export class UnknownSecretError extends Error {
  override readonly name = 'UnknownSecretError';
}

/** Secrets Manager requested a rotation step that its own version labels contradict. */
export class RotationRefusedError extends Error {
  override readonly name = 'RotationRefusedError';
}

/** The new key is proven bad; it was deleted and the previous key stays current. */
export class NewKeyRejectedError extends Error {
  override readonly name = 'NewKeyRejectedError';
}

/** The new key could not be verified yet; Secrets Manager tries again. */
export class NewKeyUndecidedError extends Error {
  override readonly name = 'NewKeyUndecidedError';
}

/** Operator mode: the key that was supplied is wrong however often it is tried. */
export class OperatorKeyRejectedError extends Error {
  override readonly name = 'OperatorKeyRejectedError';
}

/** Operator mode: only an operator in Mistral's console can do what was asked. */
export class OperatorNeededError extends Error {
  override readonly name = 'OperatorNeededError';
}

/** The secret that a retirement names does not hold the key that it names. */
export class KeyNotHeldError extends Error {
  override readonly name = 'KeyNotHeldError';
}

/** The key that was to be revoked is one that AWSCURRENT or AWSPENDING of a secret names. */
export class KeyStillCurrentError extends Error {
  override readonly name = 'KeyStillCurrentError';
}

/** A deleted key is still listed or still accepted. */
export class RevocationUnconfirmedError extends Error {
  override readonly name = 'RevocationUnconfirmedError';
}
