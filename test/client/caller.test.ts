import { callerOf, UnknownCallerError } from '../../client';

const caller = {
  clientName: 'mail',
  spiffeId: 'spiffe://example.com/mail',
  serialNumber: '0a:1b',
  fingerprint: 'ab'.repeat(32),
  grant: 'POST /schedule/events',
};
const eventWith = (lambda: unknown) => ({ requestContext: { authorizer: { lambda } } });

describe('callerOf', () => {
  test('gives what the authorizer has found out, and nothing else', () => {
    expect(callerOf(eventWith({ ...caller, other: 'x' }))).toEqual(caller);
  });

  test.each(Object.keys(caller))('refuses a context whose %s is missing, empty, no text, or inherited', (field) => {
    const { [field as keyof typeof caller]: value, ...others } = caller;
    const contexts = [others, { ...caller, [field]: '' }, { ...caller, [field]: [value] }];
    contexts.push(Object.assign(Object.create({ [field]: value }), others));
    for (const context of contexts) expect(() => callerOf(eventWith(context))).toThrow(UnknownCallerError);
  });

  test('refuses an invalid SPIFFE ID', () => {
    const context = { ...caller, spiffeId: 'https://example.com/mail' };
    expect(() => callerOf(eventWith(context))).toThrow(
      'requestContext.authorizer.lambda.spiffeId is missing or invalid',
    );
  });

  test.each([
    ['no authorizer', { requestContext: {} }],
    ['an authorizer of another kind', { requestContext: { authorizer: { jwt: { claims: caller } } } }],
    ['the identity beside the context', { requestContext: { authorizer: caller } }],
    ['no context', eventWith(null)],
    [
      'headers that imitate the identity',
      {
        requestContext: {},
        headers: { 'x-mesh-client-name': 'mail', 'x-mesh-spiffe-id': caller.spiffeId },
      },
    ],
  ])('refuses an event with %s', (_, event) => {
    expect(() => callerOf(event)).toThrow(UnknownCallerError);
  });

  test.each([undefined, null, 'event', []])('refuses %p', (event) => {
    expect(() => callerOf(event as never)).toThrow(UnknownCallerError);
  });
});
