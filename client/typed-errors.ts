import { ClientSDK } from '@mistralai/mistralai/lib/sdks.js';
import { isGovernanceError } from './errors.js';

/**
 * The SDK wraps every error of its HTTP client in one of its own. This is the same client, except that
 * its methods throw our errors unwrapped.
 */
export function withTypedErrors<T extends ClientSDK, Extra extends object>(
  client: T,
  extra: Extra,
): T & Extra {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(client, {
    get(target, name) {
      if (Object.hasOwn(extra, name)) return extra[name as keyof Extra];
      // A proxy has no private fields: `this` must be the client itself.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' && !(value instanceof ClientSDK)) return value;
      if (name === 'constructor') return value;
      if (!wrapped.has(name)) {
        const own = typeof value === 'function' ? unwrapping(value.bind(target)) : undefined;
        wrapped.set(name, own ?? withTypedErrors(value as ClientSDK, {}));
      }
      return wrapped.get(name);
    },
  }) as T & Extra;
}

function unwrapping(method: (...args: unknown[]) => unknown) {
  return (...args: unknown[]): unknown => {
    const result = method(...args);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw error instanceof Error && isGovernanceError(error.cause) ? error.cause : error;
    });
  };
}
