/** The example programs that serve the clients of the mesh, each in its language. */
import { join } from 'node:path';
import { buildGo } from './example-programs';
import { testServers } from './server-tests';

testServers([
  {
    name: 'Node',
    needs: ['node'],
    example: 'node',
    command: (directory) => ['node', join(directory, 'server.mjs')],
    resumes: true,
  },
  {
    name: 'Python',
    needs: ['python3'],
    example: 'python',
    command: (directory) => ['python3', join(directory, 'server.py')],
    resumes: true,
  },
  {
    name: 'Go',
    needs: ['go'],
    example: 'go',
    build: buildGo,
    command: (directory) => [join(directory, 'program'), 'server'],
    resumes: false,
  },
  {
    name: 'Ruby',
    needs: ['webrick'],
    example: 'ruby',
    command: (directory) => ['ruby', join(directory, 'server.rb')],
    resumes: true,
  },
]);
