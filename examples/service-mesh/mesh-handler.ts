import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { MeshHttpClient } from 'cdk-mtls-service-mesh/client';

const { MESH_URL = '', CLIENT_SECRET = '' } = process.env;

/** Calls other services with this service's own certificate, and follows its rotation. */
const mesh = new MeshHttpClient({ secretId: CLIENT_SECRET, secretsManager: new SecretsManager({}) });

/** The authorizer of the mesh states the client in the event. */
type MeshEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<{ readonly clientName: string }>;

/** Answers requests to one path. `ask` calls another service. */
type Route = (ask: <T>(path: string) => Promise<T>) => Promise<object>;

interface Answer<T> {
  /** The calls that were made to find the data. The gateway identifies each caller, so no caller can forge a name. */
  readonly hops: readonly string[];
  readonly data: T;
}

class NotAnswered extends Error {}

/** Creates the handler of a service from its GET routes by path. The path of the service itself lists them. */
export function serve(name: string, given: Readonly<Record<string, Route>>) {
  const routes: Readonly<Record<string, Route>> = { [`/${name}`]: async () => Object.keys(given), ...given };
  return async (event: MeshEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const route = Object.hasOwn(routes, event.rawPath) ? routes[event.rawPath] : undefined;
    if (route === undefined || event.requestContext.http.method !== 'GET') return answer(404, { message: 'no route' });

    const hops = [`${event.requestContext.authorizer.lambda.clientName} → ${name}`];
    async function ask<T>(path: string): Promise<T> {
      const response = await mesh.fetch(`${MESH_URL}${path}`);
      if (!response.ok) throw new NotAnswered(`${path} answers ${name} with ${response.status}`);
      const told = (await response.json()) as Answer<T>;
      hops.push(...told.hops);
      return told.data;
    }
    try {
      const data = await route(ask);
      return answer(200, { hops, data } satisfies Answer<object>);
    } catch (error) {
      if (error instanceof NotAnswered) return answer(502, { message: error.message });
      throw error;
    }
  };
}

function answer(statusCode: number, body: object): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
