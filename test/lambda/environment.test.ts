import { EnvironmentError, registryTableOf, trustDomainOf } from '../../lambda/environment';

test('a function finds its trust domain and its registry in its environment', () => {
  const environment = { TRUST_DOMAIN: 'mesh.example.com', REGISTRY_TABLE: 'mtls-mesh.mesh.example.com' };

  expect(trustDomainOf(environment)).toBe('mesh.example.com');
  expect(registryTableOf(environment)).toBe('mtls-mesh.mesh.example.com');
});

test.each([{}, { TRUST_DOMAIN: '' }, { TRUST_DOMAIN: 'Mesh' }, { TRUST_DOMAIN: 'a/b' }])(
  'a function does not start with %j',
  (environment) => {
    expect(() => trustDomainOf(environment)).toThrow(EnvironmentError);
  },
);

test.each([{}, { REGISTRY_TABLE: '' }, { REGISTRY_TABLE: 'ab' }, { REGISTRY_TABLE: 'a/b/c' }])(
  'a function does not start without a registry: %j',
  (environment) => {
    expect(() => registryTableOf(environment)).toThrow(/^environment variable REGISTRY_TABLE must be/);
  },
);
