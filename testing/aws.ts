/** Where a local stand-in for AWS is, for any client of the SDK. */
export function localAws(endpoint: string) {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}
