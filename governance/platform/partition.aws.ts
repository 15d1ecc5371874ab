import { type AttributeValue, type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { collect } from './collect.js';

/** Every item of a partition, read consistently: what was sent a moment ago must not be sent again. */
export async function itemsOfPartition(
  client: DynamoDBClient,
  TableName: string,
  partition: string,
): Promise<Record<string, AttributeValue>[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: partition } },
      ConsistentRead: true,
    },
  );
  return (await collect(pages)).flatMap(({ Items = [] }) => Items);
}
