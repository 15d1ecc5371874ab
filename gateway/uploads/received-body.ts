import type { Endpoint } from '../../governance/metering/endpoints.js';
import { type ReceivedForm, readForm } from '../../governance/metering/forms/whole-form.js';
import type { Problem } from '../../governance/metering/problem.js';
import type { CallHead } from '../reply.js';
import { Upload } from './upload.js';

/** What a request is decided by: all of its body, or of an upload what comes before the bytes of its file. */
export function receivedBody(
  { form }: Endpoint,
  { contentType }: CallHead,
  received: Buffer | Upload,
): Buffer | ReceivedForm | Problem | Promise<ReceivedForm | Problem> {
  if (received instanceof Upload) return received.head;
  return form ? readForm(received, contentType, form) : received;
}
