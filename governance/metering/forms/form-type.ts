import { quoted } from '../../platform/wording.js';
import { type Problem, problem } from '../problem.js';

const TYPE = 'multipart/form-data';
/** The characters that RFC 2046 has for a boundary, but for the space, which clients do not use. */
const BOUNDARY = /^[\w'()+,./:=?-]{1,70}$/;
const PARAMETER = /;[\t ]*([\w-]+)=(?:"([^"\\]*)"|([^\s;"]*))[\t ]*/gy;

/** Where the parts of a form begin, as its Content-Type says. */
export function boundaryOf(contentType: string | undefined): string | Problem {
  const semicolon = contentType?.indexOf(';') ?? -1;
  const type = semicolon < 0 ? contentType : contentType?.slice(0, semicolon);
  if (type?.trim().toLowerCase() !== TYPE) {
    const given = contentType === undefined ? 'none was given' : `${quoted(contentType)} was given`;
    return invalid(`the Content-Type must be ${TYPE} with its boundary: ${given}`);
  }
  const rest = semicolon < 0 ? '' : (contentType?.slice(semicolon) ?? '');
  let boundary: string | undefined;
  let readTo = 0;
  for (const [all, name, inQuotes, plain] of rest.matchAll(PARAMETER)) {
    readTo += all.length;
    const value = inQuotes ?? plain ?? '';
    if (name?.toLowerCase() === 'boundary' && boundary === undefined) boundary = value;
    else if (name?.toLowerCase() !== 'charset' || !/^utf-?8$/i.test(value)) {
      return invalid(
        `the Content-Type has ${quoted(`${name}=${value}`)}: allowed are one boundary, and charset=utf-8`,
      );
    }
  }
  if (readTo < rest.length) return invalid(`the Content-Type ${quoted(contentType)} is not valid`);
  if (boundary === undefined) return invalid(`the Content-Type ${TYPE} has no boundary`);
  if (BOUNDARY.test(boundary)) return boundary;
  return invalid(
    `the boundary ${quoted(boundary)} is not valid: it must be 1 to 70 letters, digits or '()+_,-./:=?`,
  );
}

function invalid(what: string): Problem {
  return problem('invalid_request', what);
}
