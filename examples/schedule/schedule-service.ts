import { randomUUID } from 'node:crypto';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

const dynamodb = new DynamoDBClient({});
const TableName = process.env.EVENTS_TABLE;

/** The authorizer of the mesh states the client in the event. */
type MeshEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<{ readonly clientName: string }>;

/**
 * `POST /schedule/events` creates an event. `GET /schedule/events` lists all events and the client that created each.
 * `GET /schedule` lists these routes.
 * The gateway determines the client. Nothing in the request can change it.
 */
export async function handler(event: MeshEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const createdBy = event.requestContext.authorizer.lambda.clientName;
  switch (`${event.requestContext.http.method} ${event.rawPath}`) {
    case 'POST /schedule/events': {
      const title = titleOf(event.body);
      if (title === undefined) return answer(400, { message: 'an event needs a title' });
      const item = { id: { S: randomUUID() }, title: { S: title }, createdBy: { S: createdBy } };
      await dynamodb.send(new PutItemCommand({ TableName, Item: item }));
      return answer(201, { id: item.id.S, title, createdBy });
    }
    case 'GET /schedule/events': {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return answer(
        200,
        Items.map((item) => ({ id: item.id?.S, title: item.title?.S, createdBy: item.createdBy?.S })),
      );
    }
    case 'GET /schedule':
      return answer(200, { routes: ['GET /schedule/events', 'POST /schedule/events'] });
    default:
      return answer(404, { message: 'no such route' });
  }
}

function titleOf(body: string | undefined): string | undefined {
  try {
    const { title } = JSON.parse(body ?? '') as { title?: unknown };
    return typeof title === 'string' && title !== '' ? title : undefined;
  } catch {
    return undefined;
  }
}

function answer(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
