import { CLIENT_FILES, type ClientFile } from '../../../../bin/shared/client-files/contents';

/** Files that all contain the number of their generation. */
export function generation(number: number): readonly ClientFile[] {
  const contents = `${number}\n`.repeat(1_000);
  return [
    { name: CLIENT_FILES.privateKey, contents, isPrivate: true },
    { name: CLIENT_FILES.certificate, contents, isPrivate: false },
    { name: CLIENT_FILES.bundle, contents, isPrivate: true },
  ];
}

/** The generation that a text is of. Throws if it is of several. */
export function generationOf(text: string): number {
  const [line = ''] = text.split('\n', 1);
  if (line === '' || text !== `${line}\n`.repeat(1_000)) throw new Error(`a mixed or unfinished file: ${text.length}`);
  return Number(line);
}
