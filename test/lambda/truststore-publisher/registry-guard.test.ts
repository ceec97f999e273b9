import { assertRegistryStays } from '../../../lambda/truststore-publisher/registry-guard';
import { createRequest } from '../custom-resource/requests';

const signal = new AbortController().signal;

function change(from: string | undefined, to: string | undefined, isRollingBack = false) {
  const of = (policy: string | undefined) => (policy === undefined ? {} : { RegistryDeletionPolicy: policy });
  const request = { ...createRequest({ requestType: 'Update', properties: of(to) }), oldProperties: of(from) };
  return assertRegistryStays(request, { isRollingBack: async () => isRollingBack }, signal);
}

test('a registry that would be deleted can not be adopted, and the failure says what to do', async () => {
  await expect(change('Delete', undefined)).rejects.toThrow(
    'CloudFormation would delete the table, so that the gateway refuses every client: leave adoptRegistry out',
  );
});

test.each<[string, string | undefined, string | undefined]>([
  ['stays in the stack', 'Delete', 'Delete'],
  ['is retained from now on', 'Delete', 'RetainExceptOnCreate'],
  ['leaves the stack and is retained', 'RetainExceptOnCreate', undefined],
  ['was retained and leaves the stack', 'Retain', undefined],
  ['stays adopted', undefined, undefined],
  ['was adopted and is imported', undefined, 'Delete'],
])('a registry may be changed that %s', async (_what, from, to) => {
  await expect(change(from, to)).resolves.toBeUndefined();
});

test('a rollback makes an imported registry an adopted one again', async () => {
  await expect(change('Delete', undefined, true)).resolves.toBeUndefined();
});
