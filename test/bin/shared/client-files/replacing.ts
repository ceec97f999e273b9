/** Replaces the files of a directory without end. Arguments: the directory, the form, and the first generation. */
import { ClientDirectory, type ReplacementForm } from '../../../../bin/shared/client-files/directory';
import { generation } from './generations';

const [path = '', form, first] = process.argv.slice(2);

async function run(): Promise<void> {
  const directory = new ClientDirectory(path, {}, form as ReplacementForm);
  for (let number = Number(first); ; number++) {
    await directory.replace(generation(number), `${number}`);
    if (number === Number(first)) console.log('started');
  }
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
