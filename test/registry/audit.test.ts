import { AwsCallError } from '../../aws/aws-error';
import type { LogEntry } from '../../aws/cloudwatch';
import type { Metric } from '../../mesh/contract';
import { Audit } from '../../registry/audit';

const REFUSED = new AwsCallError('events:PutEvents', 'AccessDeniedException', 'not authorized');

function auditWith(metricsWork: boolean) {
  const counted: [Metric, number][] = [];
  const logged: LogEntry[] = [];
  const audit = new Audit({
    trustDomain: 'mesh.example.com',
    log: (entry) => logged.push(entry),
    metrics: {
      put: async (metric, value) => {
        if (!metricsWork) throw new Error('no metrics today');
        counted.push([metric, value]);
      },
    },
    events: { put: () => Promise.reject(REFUSED) },
  });
  return { audit, counted, logged };
}

test('an event that the bus refuses is counted, logged, and returned', async () => {
  const { audit, counted, logged } = auditWith(true);

  const failures = await audit.record('rotationFailed', { clientName: 'mail' });

  expect(failures).toEqual([expect.stringContaining('the event "Certificate Rotation Failed" could not be sent')]);
  expect(counted).toEqual(
    expect.arrayContaining([
      ['RotationsFailed', 1],
      ['AuditIncomplete', 1],
    ]),
  );
  expect(logged.map(({ event }) => event)).toEqual(['rotation-failed', 'audit-incomplete']);
});

test('a metric that cannot be counted either does not make the record of a change reject', async () => {
  const { audit } = auditWith(false);

  await expect(audit.record('rotationFailed', { clientName: 'mail' })).resolves.toHaveLength(2);
});
