import { type LogEntry, LoggedMetrics } from '../../aws/cloudwatch';

const trustDomain = 'mesh.example.com';
const now = () => new Date('2026-11-22T12:00:00Z');

test('a logged metric is a log line in CloudWatch’s embedded metric format', async () => {
  const lines: LogEntry[] = [];
  const metrics = new LoggedMetrics({ trustDomain, now, log: (entry) => void lines.push(entry) });

  await metrics.put('HoursToExpiry', 42.5);

  expect(lines).toEqual([
    {
      event: 'metric',
      _aws: {
        Timestamp: Date.parse('2026-11-22T12:00:00Z'),
        CloudWatchMetrics: [
          { Namespace: 'MtlsServiceMesh', Dimensions: [['TrustDomain']], Metrics: [{ Name: 'HoursToExpiry' }] },
        ],
      },
      TrustDomain: 'mesh.example.com',
      HoursToExpiry: 42.5,
    },
  ]);
});

test('a value with a further dimension counts in total and by that dimension', () => {
  const lines: LogEntry[] = [];
  const metrics = new LoggedMetrics({ trustDomain, now, log: (entry) => void lines.push(entry) });

  metrics.putByReason('RequestsDenied', 1, 'REVOKED');

  expect(lines).toEqual([
    expect.objectContaining({
      _aws: {
        Timestamp: Date.parse('2026-11-22T12:00:00Z'),
        CloudWatchMetrics: [
          {
            Namespace: 'MtlsServiceMesh',
            Dimensions: [['TrustDomain'], ['TrustDomain', 'Reason']],
            Metrics: [{ Name: 'RequestsDenied' }],
          },
        ],
      },
      TrustDomain: 'mesh.example.com',
      Reason: 'REVOKED',
      RequestsDenied: 1,
    }),
  ]);
});
