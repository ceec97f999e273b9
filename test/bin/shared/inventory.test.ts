import { AwsCallError } from '../../../aws/aws-error';
import { listClients, showClient } from '../../../bin/shared/inventory';
import { exampleMesh, MemoryMesh } from './memory-mesh';

test('the current certificate is the one issued last of those that became current, not a pending one', async () => {
  const { current, certificates, lastRotation } = await showClient(exampleMesh(), 'mail');
  expect(current?.serialNumber).toBe('0B');
  expect(lastRotation).toBe('2026-11-22T08:00:02.000Z');
  expect(certificates.map(({ serialNumber }) => serialNumber)).toEqual(['0C', '0B', '0A']);
});

test('a mesh that does not exist is refused by name', async () => {
  const missing = new MemoryMesh([]);
  const noTable = new AwsCallError('dynamodb:Query', 'ResourceNotFoundException', 'no such table');
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(noTable) }) };
  missing.survey.clients = missing.survey.clientRecords = () => failing;

  const refused = 'found no registry of the mesh mesh.example.com in this account and Region';
  await expect(listClients(missing)).rejects.toThrow(refused);
  await expect(showClient(missing, 'mail')).rejects.toThrow(refused);
});
