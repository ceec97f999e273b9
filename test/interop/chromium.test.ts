/** A person calls the mesh with Chromium. */
import { join } from 'node:path';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { describeWith } from '../programs';
import { copyExample, freePort } from './example-programs';
import { Files, secretOf } from './files';
import { BROWSER_NEEDS, PersonsBrowser } from './persons-browser';
import { type KeyKind, RunningMesh } from './running-mesh';

describeWith(...BROWSER_NEEDS)('Chromium', () => {
  const files = new Files();
  const copies = new Files();
  const browsers: PersonsBrowser[] = [];
  let example: string;
  let url: string;

  function browser(): PersonsBrowser {
    const one = new PersonsBrowser(example);
    browsers.push(one);
    one.trust(join(files.path, 'server-ca.pem'));
    return one;
  }

  beforeAll(async () => {
    const port = await freePort();
    url = `https://localhost:${port}/schedule`;
    const surroundings = { files: files.path, mesh: `https://localhost:${port}`, port };
    example = copyExample('chromium', join(copies.path, 'chromium'), surroundings);
  });

  afterEach(async () => {
    for (const one of browsers.splice(0)) await one.remove();
  });

  afterAll(() => {
    files.remove();
    copies.remove();
  });

  describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
    let mesh: RunningMesh;
    let mail: ClientSecret;

    beforeAll(async () => {
      mesh = await RunningMesh.start(keys, Number(new URL(url).port));
      mail = await mesh.secret('mail');
      files.write('server-ca.pem', mesh.serverAuthority);
    });

    beforeEach(() => files.writeClient(mail));

    afterAll(() => mesh.stop());

    test('is served the page, and after a rotation with the new certificate', async () => {
      const person = browser();
      person.importCertificate();
      expect(await person.open(url, `${keys}-served`)).toBe(`mail ${mail.serialNumber}`);

      const before = mail.serialNumber;
      mail = await mesh.rotate('mail');
      await files.writeClient(mail);
      person.importCertificate();
      expect(mail.serialNumber).not.toBe(before);
      expect(await person.open(url, `${keys}-served-after-rotation`)).toBe(`mail ${mail.serialNumber}`);
    });

    test('is refused without a certificate', async () => {
      const requests = mesh.requests;
      expect(await browser().open(url, `${keys}-without-certificate`)).toContain('net::ERR_');
      expect(mesh.requests).toBe(requests);
    });

    test('is refused with a certificate of another authority of the same name', async () => {
      const requests = mesh.requests;
      await files.writeClient(secretOf('mail', await copiedIdentity(mail)));
      const person = browser();
      person.importCertificate();
      expect(await person.open(url, `${keys}-foreign-certificate`)).toContain('net::ERR_');
      expect(mesh.requests).toBe(requests);
    });
  });
});
