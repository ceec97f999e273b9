import { attributeKeys } from '../../../../sandbox/services/dynamodb/attributes';

const key = { Key: { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'CLIENT' } } };

test.each<[string, object, string[]]>([
  ['a key', key, ['partitionKey', 'sortKey']],
  ['an item', { Item: { partitionKey: { S: 'x' }, status: { S: 'ISSUED' } } }, ['partitionKey', 'status']],
  [
    'an update with placeholders and plain names',
    {
      ...key,
      UpdateExpression: 'SET #s = :s, updatedAt=:at REMOVE #0.nested[1], expiresAt',
      ConditionExpression: 'attribute_exists(partitionKey) AND NOT #s IN (:a, :b)',
      ExpressionAttributeNames: { '#s': 'state', '#0': 'map', '#unused': 'spiffeId' },
    },
    ['expiresAt', 'map', 'partitionKey', 'sortKey', 'state', 'updatedAt'],
  ],
  [
    'keywords in any case, functions, and values that look like names',
    { UpdateExpression: 'set list = list_append (list, :status), size_ = if_not_exists(one, :two) add counter :by' },
    ['counter', 'list', 'one', 'size_'],
  ],
  ['a range', { KeyConditionExpression: 'a = :a and b between :b and :c' }, ['a', 'b']],
  [
    'a projection',
    { ProjectionExpression: 'one, two.three, #four[0].five', ExpressionAttributeNames: { '#four': '4' } },
    ['4', 'one', 'two'],
  ],
  [
    'what older requests have',
    { AttributesToGet: ['one'], AttributeUpdates: { two: {} }, Expected: { three: {} } },
    ['one', 'three', 'two'],
  ],
])('the attributes of a request are those that it names: %s', (_, input, attributes) => {
  expect(attributeKeys({ ...input })).toEqual({ 'dynamodb:Attributes': attributes });
});

test.each([{}, { TableName: 't' }, { UpdateExpression: 7, Key: null, AttributesToGet: 'x' }])(
  'a request without any has no such key: %j',
  (input) => {
    expect(attributeKeys(input)).toEqual({});
  },
);
