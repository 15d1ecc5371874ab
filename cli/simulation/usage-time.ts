const FORMS = [
  // Extended, also with a space or without seconds; then basic.
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(.*)$/,
  /^(\d{4})(\d\d)(\d\d)[Tt ]?(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?(.*)$/,
];
const ZONE = /^ ?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/;

/** A time of ISO 8601 with a time zone, in any of the forms that programs write; `undefined` for others. */
export function parseTime(text: string): Date | undefined {
  const form = FORMS.find((one) => one.test(text));
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone = ''] =
    form?.exec(text) ?? [];
  const [found, sign, hours = '0', minutes = '0'] = ZONE.exec(zone) ?? [];
  if (found === undefined) return undefined;
  const milliseconds = Math.trunc(Number(`0.${fraction}0`) * 1000);
  const local = new Date(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)),
  );
  // A day or an hour that does not exist has moved on to one that does.
  const isReal =
    local.getUTCDate() === Number(day) &&
    local.getUTCHours() === Number(hour) &&
    local.getUTCMinutes() === Number(minute) &&
    local.getUTCMonth() === Number(month) - 1;
  if (!isReal || Number(second) > 59 || Number(hours) > 23 || Number(minutes) > 59) {
    return undefined;
  }
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  return new Date(local.getTime() + Number(second) * 1000 + milliseconds - offset);
}
