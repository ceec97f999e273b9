import { Route53Service } from '../../../../sandbox/services/route53';

const { resourceTypes } = new Route53Service();

async function create(type: string, properties: Record<string, unknown>) {
  return resourceTypes[`AWS::Route53::${type}`]?.create({ stackName: '', stackId: '', logicalId: '', properties });
}

test('takes an alias record', async () => {
  const AliasTarget = { DNSName: 'd-1.execute-api.us-east-1.amazonaws.com', HostedZoneId: 'Z1UJRXOUMOOFQ8' };
  const record = await create('RecordSet', { Name: 'mesh.example.com.', Type: 'A', HostedZoneId: 'Z1', AliasTarget });
  expect(record).toEqual({ physicalId: 'mesh.example.com.', attributes: {} });
});

test.each([
  ['both a target and values', { AliasTarget: { DNSName: 'a', HostedZoneId: 'Z1' }, ResourceRecords: ['192.0.2.1'] }],
  ['neither a target nor values', {}],
  ['a type that it does not support', { Type: 'MX', ResourceRecords: ['a'] }],
])('refuses a record with %s', async (_, properties) => {
  await expect(create('RecordSet', { Name: 'mesh.example.com.', Type: 'A', ...properties })).rejects.toThrow();
});

test('takes a hosted zone and gives it name servers', async () => {
  expect(await create('HostedZone', { Name: 'example.com' })).toEqual({
    physicalId: expect.stringMatching(/^Z[A-Z0-9]{20}$/),
    attributes: { Id: expect.any(String), NameServers: expect.arrayContaining(['ns-1.example.com']) },
  });
});
