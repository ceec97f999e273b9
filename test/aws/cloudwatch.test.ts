import { Metrics } from '../../aws/cloudwatch';
import type { LogEntry } from '../../lambda/log';

test('a metric is a log line in CloudWatch’s embedded metric format', () => {
  const lines: LogEntry[] = [];
  const metrics = new Metrics(
    'mesh.example.com',
    () => new Date('2026-11-22T12:00:00Z'),
    (entry) => void lines.push(entry),
  );

  metrics.count('CertificatesIssued');
  metrics.put('HoursToExpiry', 42.5);

  expect(lines).toEqual([
    expect.objectContaining({ TrustDomain: 'mesh.example.com', CertificatesIssued: 1 }),
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
