import type { Patience } from './retry';
import { JsonService } from './json-service';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html */
export function dynamoDb(patience: Patience, environment: NodeJS.ProcessEnv): JsonService {
  return new JsonService(
    { name: 'dynamodb', targetPrefix: 'DynamoDB_20120810', jsonVersion: '1.0', endpointVariable: 'DYNAMODB' },
    patience,
    environment,
  );
}
