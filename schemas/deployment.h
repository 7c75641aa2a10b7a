#ifndef SB_SCHEMAS_DEPLOYMENT_H
#define SB_SCHEMAS_DEPLOYMENT_H

/*
 * Identifies a deployment: processes that agree on it mean the same bus and
 * the same index. The number of partitions never changes, for it says where
 * each key belongs, in Kafka and in Redis alike.
 */

enum { CLUSTER_ID_SIZE = 64 };

struct deployment {
	char cluster[CLUSTER_ID_SIZE]; /* Kafka's cluster id */
	int partitions;                /* of every topic but the directory */
};

#endif
