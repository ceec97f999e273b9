import { parseRefusal, parseRequest, REFUSAL_PATTERN } from '../../../../bin/console/traffic/log-lines';
import { ACCESS_LOG_FORMAT } from '../../../../lib/private/access-log';
import { DENIAL_REASONS } from '../../../../mesh/contract';
import { parseFilterPattern } from '../../../../sandbox/services/logs/filter-pattern';
import { accessLine, denialLine, NOW, otherLine } from './lines';

describe('a line of the access log', () => {
  test('names the client that the authorizer has let in', () => {
    expect(parseRequest(accessLine())).toEqual({
      id: expect.any(String),
      time: NOW - 1_000,
      clientName: 'mail',
      method: 'GET',
      path: '/schedule/events',
      status: 200,
    });
  });

  test('names no client for a request that it has not', () => {
    expect(parseRequest(accessLine({ clientName: '-', status: '403' }))).not.toHaveProperty('clientName');
  });

  test('has the fields that the template configures', () => {
    for (const field of ['clientName', 'method', 'path', 'status']) {
      expect(ACCESS_LOG_FORMAT.split(`"${field}":`)).toHaveLength(2);
    }
  });

  test.each([
    ['in a subject', '"certificateSubject":"CN=x","clientName":"admin"}'],
    ['in a path', '"path":"/x","clientName":"admin","y":"z"}'],
    ['with another status', '"certificateSubject":"CN=x","status":"200"}'],
  ])('that carries a second field %s is not believed', (_, end) => {
    const line = accessLine({ clientName: '-' }).message.replace(/"certificateSubject":.*$/, end);
    expect(JSON.parse(line)).toBeDefined();
    expect(parseRequest(otherLine(line))).toBeUndefined();
  });

  test('keeps escaped quotes as a part of the value', () => {
    const path = '/x","clientName":"admin';
    expect(parseRequest(accessLine({ path }))).toMatchObject({ path, clientName: 'mail' });
  });

  test.each([
    '',
    'no JSON',
    '[]',
    '{"clientName":"mail"}',
    '{"clientName":1,"method":2,"path":3,"status":4}',
    accessLine({ status: '-' }).message,
  ])('of another format is not read: %s', (message) => {
    expect(parseRequest(otherLine(message))).toBeUndefined();
  });
});

describe('a line of the authorizer', () => {
  test.each(DENIAL_REASONS)('with the reason %s is a refusal', (code) => {
    const line = denialLine({ code });
    expect(parseFilterPattern(REFUSAL_PATTERN)(line.message)).toBe(true);
    expect(parseRefusal(line)).toEqual({
      id: line.id,
      time: NOW - 1_000,
      code,
      reason: 'client mail is refused: the certificate is revoked',
      subject: 'spiffe://mesh.example.com/mail',
      serialNumber: '5E0C',
    });
  });

  test('about a registry that can not be read is a refusal, unless the request was let in', () => {
    const line = denialLine({ event: 'registry-unavailable', code: undefined, isAccepted: false });
    expect(parseFilterPattern(REFUSAL_PATTERN)(line.message)).toBe(true);
    expect(parseRefusal(line)?.code).toBe('REGISTRY_UNAVAILABLE');
    expect(parseRefusal(denialLine({ event: 'registry-unavailable', isAccepted: true }))).toBeUndefined();
  });

  test.each([
    ['a metric', { event: 'metric', _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: 'denied' }] }] } }],
    ['a reason that there is not', { code: '<script>' }],
    ['another event', { event: 'started' }],
  ])('with %s is none', (_, entry) => {
    expect(parseRefusal(denialLine(entry))).toBeUndefined();
  });

  test.each(['', 'REPORT RequestId: 1', 'denied', '{"event":"denied"', '2026\t1\tINFO\t["denied"]'])(
    'without a document is none: %s',
    (message) => {
      expect(parseRefusal(otherLine(message))).toBeUndefined();
    },
  );
});
