namespace Millrace.Protocol;

/// <summary>The one table of error codes: the name that Kafka's documentation uses, whether a client may try again, and a text for people.</summary>
public static class ErrorCodes
{
    private const int First = (int)ErrorCode.UnknownServerError;

    private static readonly ErrorInfo[] Table =
    [
        new(ErrorCode.UnknownServerError, "UNKNOWN_SERVER_ERROR", false, "The broker failed in a way that it did not foresee; its log has the details."),
        new(ErrorCode.None, "NONE", false, "No error."),
        new(ErrorCode.OffsetOutOfRange, "OFFSET_OUT_OF_RANGE", false, "The offset lies outside what the partition holds."),
        new(ErrorCode.CorruptMessage, "CORRUPT_MESSAGE", true, "A record batch is damaged: its checksum, size or structure is wrong."),
        new(ErrorCode.UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", true, "The topic or partition does not exist here."),
        new(ErrorCode.InvalidFetchSize, "INVALID_FETCH_SIZE", false, "The fetch size is not valid."),
        new(ErrorCode.LeaderNotAvailable, "LEADER_NOT_AVAILABLE", true, "The partition has no leader at the moment."),
        new(ErrorCode.NotLeaderOrFollower, "NOT_LEADER_OR_FOLLOWER", true, "This broker does not lead the partition."),
        new(ErrorCode.RequestTimedOut, "REQUEST_TIMED_OUT", true, "The request took longer than its timeout."),
        new(ErrorCode.BrokerNotAvailable, "BROKER_NOT_AVAILABLE", false, "The broker is not available."),
        new(ErrorCode.ReplicaNotAvailable, "REPLICA_NOT_AVAILABLE", true, "The replica is not available."),
        new(ErrorCode.MessageTooLarge, "MESSAGE_TOO_LARGE", false, "The record batch is larger than max.message.bytes allows."),
        new(ErrorCode.StaleControllerEpoch, "STALE_CONTROLLER_EPOCH", false, "The controller's epoch is out of date."),
        new(ErrorCode.OffsetMetadataTooLarge, "OFFSET_METADATA_TOO_LARGE", false, "The metadata of a committed offset is longer than offset.metadata.max.bytes allows."),
        new(ErrorCode.NetworkException, "NETWORK_EXCEPTION", true, "The connection broke before the response was there."),
        new(ErrorCode.CoordinatorLoadInProgress, "COORDINATOR_LOAD_IN_PROGRESS", true, "The coordinator is still reading its state."),
        new(ErrorCode.CoordinatorNotAvailable, "COORDINATOR_NOT_AVAILABLE", true, "No coordinator is available."),
        new(ErrorCode.NotCoordinator, "NOT_COORDINATOR", true, "This broker does not coordinate the group or transaction."),
        new(ErrorCode.InvalidTopic, "INVALID_TOPIC_EXCEPTION", false, "The topic's name is not allowed."),
        new(ErrorCode.RecordListTooLarge, "RECORD_LIST_TOO_LARGE", false, "The record batch is larger than a segment can hold."),
        new(ErrorCode.NotEnoughReplicas, "NOT_ENOUGH_REPLICAS", true, "Fewer replicas are in sync than min.insync.replicas asks for."),
        new(ErrorCode.NotEnoughReplicasAfterAppend, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, "The records were written, then fewer replicas were in sync than min.insync.replicas asks for."),
        new(ErrorCode.InvalidRequiredAcks, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1."),
        new(ErrorCode.IllegalGeneration, "ILLEGAL_GENERATION", false, "The generation is not the group's current one."),
        new(ErrorCode.InconsistentGroupProtocol, "INCONSISTENT_GROUP_PROTOCOL", false, "The member's protocol type or protocols do not fit those of the group."),
        new(ErrorCode.InvalidGroupId, "INVALID_GROUP_ID", false, "The group's id is not valid."),
        new(ErrorCode.UnknownMemberId, "UNKNOWN_MEMBER_ID", false, "The group does not know this member."),
        new(ErrorCode.InvalidSessionTimeout, "INVALID_SESSION_TIMEOUT", false, "The session timeout lies outside the range that the broker allows."),
        new(ErrorCode.RebalanceInProgress, "REBALANCE_IN_PROGRESS", false, "The group is rebalancing: join again."),
        new(ErrorCode.InvalidCommitOffsetSize, "INVALID_COMMIT_OFFSET_SIZE", false, "The offsets are too large for one batch."),
        new(ErrorCode.TopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED", false, "The principal may not do this with the topic."),
        new(ErrorCode.GroupAuthorizationFailed, "GROUP_AUTHORIZATION_FAILED", false, "The principal may not do this with the group."),
        new(ErrorCode.ClusterAuthorizationFailed, "CLUSTER_AUTHORIZATION_FAILED", false, "The principal may not do this with the cluster."),
        new(ErrorCode.InvalidTimestamp, "INVALID_TIMESTAMP", false, "The timestamp of a record lies outside the range that the topic allows."),
        new(ErrorCode.UnsupportedSaslMechanism, "UNSUPPORTED_SASL_MECHANISM", false, "The broker does not offer this SASL mechanism."),
        new(ErrorCode.IllegalSaslState, "ILLEGAL_SASL_STATE", false, "The request does not fit the state of the SASL exchange."),
        new(ErrorCode.UnsupportedVersion, "UNSUPPORTED_VERSION", false, "The broker does not know this version of the API."),
        new(ErrorCode.TopicAlreadyExists, "TOPIC_ALREADY_EXISTS", false, "A topic of this name exists."),
        new(ErrorCode.InvalidPartitions, "INVALID_PARTITIONS", false, "The number of partitions is not valid."),
        new(ErrorCode.InvalidReplicationFactor, "INVALID_REPLICATION_FACTOR", false, "The replication factor is not valid for this cluster."),
        new(ErrorCode.InvalidReplicaAssignment, "INVALID_REPLICA_ASSIGNMENT", false, "The replica assignment is not valid."),
        new(ErrorCode.InvalidConfig, "INVALID_CONFIG", false, "A configuration value is not valid."),
        new(ErrorCode.NotController, "NOT_CONTROLLER", true, "This broker is not the controller."),
        new(ErrorCode.InvalidRequest, "INVALID_REQUEST", false, "The request contradicts itself or the protocol."),
        new(ErrorCode.UnsupportedForMessageFormat, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false, "The topic's message format cannot carry this."),
        new(ErrorCode.PolicyViolation, "POLICY_VIOLATION", false, "A policy of the cluster forbids this."),
        new(ErrorCode.OutOfOrderSequenceNumber, "OUT_OF_ORDER_SEQUENCE_NUMBER", false, "The producer's sequence number does not follow the last one."),
        new(ErrorCode.DuplicateSequenceNumber, "DUPLICATE_SEQUENCE_NUMBER", false, "The producer's sequence number was seen before."),
        new(ErrorCode.InvalidProducerEpoch, "INVALID_PRODUCER_EPOCH", false, "The producer's epoch is older than the newest one known."),
        new(ErrorCode.InvalidTxnState, "INVALID_TXN_STATE", false, "The transaction's state does not allow this."),
        new(ErrorCode.InvalidProducerIdMapping, "INVALID_PRODUCER_ID_MAPPING", false, "The transactional id belongs to another producer id."),
        new(ErrorCode.InvalidTransactionTimeout, "INVALID_TRANSACTION_TIMEOUT", false, "The transaction timeout is larger than transaction.max.timeout.ms allows."),
        new(ErrorCode.ConcurrentTransactions, "CONCURRENT_TRANSACTIONS", true, "Another change of the same transaction is under way."),
        new(ErrorCode.TransactionCoordinatorFenced, "TRANSACTION_COORDINATOR_FENCED", false, "The transaction coordinator was replaced."),
        new(ErrorCode.TransactionalIdAuthorizationFailed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, "The principal may not use this transactional id."),
        new(ErrorCode.SecurityDisabled, "SECURITY_DISABLED", false, "Security is turned off on this broker."),
        new(ErrorCode.OperationNotAttempted, "OPERATION_NOT_ATTEMPTED", false, "The operation was not tried, because an earlier one in the request failed."),
        new(ErrorCode.KafkaStorageError, "KAFKA_STORAGE_ERROR", true, "The log could not be read or written: the disk is full or broken."),
        new(ErrorCode.LogDirNotFound, "LOG_DIR_NOT_FOUND", false, "The log directory does not exist on this broker."),
        new(ErrorCode.SaslAuthenticationFailed, "SASL_AUTHENTICATION_FAILED", false, "The credentials were not accepted."),
        new(ErrorCode.UnknownProducerId, "UNKNOWN_PRODUCER_ID", false, "The partition no longer knows this producer id."),
        new(ErrorCode.ReassignmentInProgress, "REASSIGNMENT_IN_PROGRESS", false, "The partition is being reassigned."),
        new(ErrorCode.DelegationTokenAuthDisabled, "DELEGATION_TOKEN_AUTH_DISABLED", false, "Delegation tokens are turned off."),
        new(ErrorCode.DelegationTokenNotFound, "DELEGATION_TOKEN_NOT_FOUND", false, "There is no such delegation token."),
        new(ErrorCode.DelegationTokenOwnerMismatch, "DELEGATION_TOKEN_OWNER_MISMATCH", false, "The principal does not own the delegation token."),
        new(ErrorCode.DelegationTokenRequestNotAllowed, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, "Delegation tokens are not allowed on this connection."),
        new(ErrorCode.DelegationTokenAuthorizationFailed, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, "The principal may not do this with delegation tokens."),
        new(ErrorCode.DelegationTokenExpired, "DELEGATION_TOKEN_EXPIRED", false, "The delegation token has expired."),
        new(ErrorCode.InvalidPrincipalType, "INVALID_PRINCIPAL_TYPE", false, "The principal's type is not supported."),
        new(ErrorCode.NonEmptyGroup, "NON_EMPTY_GROUP", false, "The group has members."),
        new(ErrorCode.GroupIdNotFound, "GROUP_ID_NOT_FOUND", false, "There is no such group."),
        new(ErrorCode.FetchSessionIdNotFound, "FETCH_SESSION_ID_NOT_FOUND", true, "There is no such fetch session."),
        new(ErrorCode.InvalidFetchSessionEpoch, "INVALID_FETCH_SESSION_EPOCH", true, "The epoch of the fetch session is not the expected one."),
        new(ErrorCode.ListenerNotFound, "LISTENER_NOT_FOUND", true, "The broker has no listener of this name."),
        new(ErrorCode.TopicDeletionDisabled, "TOPIC_DELETION_DISABLED", false, "Deleting topics is turned off."),
        new(ErrorCode.FencedLeaderEpoch, "FENCED_LEADER_EPOCH", true, "The client's leader epoch is older than the broker's."),
        new(ErrorCode.UnknownLeaderEpoch, "UNKNOWN_LEADER_EPOCH", true, "The client's leader epoch is newer than the broker's."),
        new(ErrorCode.UnsupportedCompressionType, "UNSUPPORTED_COMPRESSION_TYPE", false, "The compression codec is not supported in this version of the request."),
        new(ErrorCode.StaleBrokerEpoch, "STALE_BROKER_EPOCH", false, "The broker's epoch is out of date."),
        new(ErrorCode.OffsetNotAvailable, "OFFSET_NOT_AVAILABLE", true, "The high watermark has not caught up since the last election."),
        new(ErrorCode.MemberIdRequired, "MEMBER_ID_REQUIRED", false, "The member must join again with the id that it was given."),
        new(ErrorCode.PreferredLeaderNotAvailable, "PREFERRED_LEADER_NOT_AVAILABLE", true, "The preferred leader is not available."),
        new(ErrorCode.GroupMaxSizeReached, "GROUP_MAX_SIZE_REACHED", false, "The group is full."),
        new(ErrorCode.FencedInstanceId, "FENCED_INSTANCE_ID", false, "A newer member uses the same group.instance.id."),
        new(ErrorCode.EligibleLeadersNotAvailable, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true, "No replica that may lead is available."),
        new(ErrorCode.ElectionNotNeeded, "ELECTION_NOT_NEEDED", true, "The partition has the wanted leader already."),
        new(ErrorCode.NoReassignmentInProgress, "NO_REASSIGNMENT_IN_PROGRESS", false, "The partition is not being reassigned."),
        new(ErrorCode.GroupSubscribedToTopic, "GROUP_SUBSCRIBED_TO_TOPIC", false, "The group consumes this topic."),
        new(ErrorCode.InvalidRecord, "INVALID_RECORD", false, "A record breaks the rules of the topic."),
        new(ErrorCode.UnstableOffsetCommit, "UNSTABLE_OFFSET_COMMIT", true, "An open transaction holds offsets of this partition."),
        new(ErrorCode.ThrottlingQuotaExceeded, "THROTTLING_QUOTA_EXCEEDED", true, "The quota is used up."),
        new(ErrorCode.ProducerFenced, "PRODUCER_FENCED", false, "A newer producer uses the same transactional id."),
        new(ErrorCode.ResourceNotFound, "RESOURCE_NOT_FOUND", false, "There is no such resource."),
        new(ErrorCode.DuplicateResource, "DUPLICATE_RESOURCE", false, "The resource exists."),
        new(ErrorCode.UnacceptableCredential, "UNACCEPTABLE_CREDENTIAL", false, "The credential breaks the rules."),
        new(ErrorCode.InconsistentVoterSet, "INCONSISTENT_VOTER_SET", false, "The voter sets differ."),
        new(ErrorCode.InvalidUpdateVersion, "INVALID_UPDATE_VERSION", false, "The version of the feature cannot be changed to this one."),
        new(ErrorCode.FeatureUpdateFailed, "FEATURE_UPDATE_FAILED", false, "The feature could not be updated."),
        new(ErrorCode.PrincipalDeserializationFailure, "PRINCIPAL_DESERIALIZATION_FAILURE", false, "The principal in a forwarded request cannot be read."),
        new(ErrorCode.SnapshotNotFound, "SNAPSHOT_NOT_FOUND", false, "There is no such snapshot."),
        new(ErrorCode.PositionOutOfRange, "POSITION_OUT_OF_RANGE", false, "The position lies outside the snapshot."),
        new(ErrorCode.UnknownTopicId, "UNKNOWN_TOPIC_ID", true, "There is no topic with this id."),
        new(ErrorCode.DuplicateBrokerRegistration, "DUPLICATE_BROKER_REGISTRATION", false, "The broker's id is registered."),
        new(ErrorCode.BrokerIdNotRegistered, "BROKER_ID_NOT_REGISTERED", false, "The broker's id is not registered."),
        new(ErrorCode.InconsistentTopicId, "INCONSISTENT_TOPIC_ID", true, "The topic's id is not the one in the log."),
        new(ErrorCode.InconsistentClusterId, "INCONSISTENT_CLUSTER_ID", false, "The cluster's id is another one."),
        new(ErrorCode.TransactionalIdNotFound, "TRANSACTIONAL_ID_NOT_FOUND", false, "There is no such transactional id."),
        new(ErrorCode.FetchSessionTopicIdError, "FETCH_SESSION_TOPIC_ID_ERROR", true, "The fetch session knows this topic by another id."),
        new(ErrorCode.IneligibleReplica, "INELIGIBLE_REPLICA", false, "The replica may not join those in sync."),
        new(ErrorCode.NewLeaderElected, "NEW_LEADER_ELECTED", false, "The change made another replica the leader."),
        new(ErrorCode.OffsetMovedToTieredStorage, "OFFSET_MOVED_TO_TIERED_STORAGE", false, "The offset lies in tiered storage."),
        new(ErrorCode.FencedMemberEpoch, "FENCED_MEMBER_EPOCH", false, "The member's epoch is out of date: join again."),
        new(ErrorCode.UnreleasedInstanceId, "UNRELEASED_INSTANCE_ID", false, "The group.instance.id is still in use by another member."),
        new(ErrorCode.UnsupportedAssignor, "UNSUPPORTED_ASSIGNOR", false, "The group does not know this assignor."),
        new(ErrorCode.StaleMemberEpoch, "STALE_MEMBER_EPOCH", false, "The member's epoch is behind: send a heartbeat first."),
        new(ErrorCode.MismatchedEndpointType, "MISMATCHED_ENDPOINT_TYPE", false, "The request went to the wrong kind of listener."),
        new(ErrorCode.UnsupportedEndpointType, "UNSUPPORTED_ENDPOINT_TYPE", false, "This kind of endpoint is not supported."),
        new(ErrorCode.UnknownControllerId, "UNKNOWN_CONTROLLER_ID", false, "There is no such controller."),
        new(ErrorCode.UnknownSubscriptionId, "UNKNOWN_SUBSCRIPTION_ID", false, "The telemetry subscription is out of date."),
        new(ErrorCode.TelemetryTooLarge, "TELEMETRY_TOO_LARGE", false, "The pushed telemetry is too large."),
        new(ErrorCode.InvalidRegistration, "INVALID_REGISTRATION", false, "The registration is not valid."),
        new(ErrorCode.TransactionAbortable, "TRANSACTION_ABORTABLE", false, "The transaction failed and must be aborted."),
        new(ErrorCode.InvalidRecordState, "INVALID_RECORD_STATE", false, "The record's state does not allow this acknowledgement."),
        new(ErrorCode.ShareSessionNotFound, "SHARE_SESSION_NOT_FOUND", true, "There is no such share session."),
        new(ErrorCode.InvalidShareSessionEpoch, "INVALID_SHARE_SESSION_EPOCH", true, "The epoch of the share session is not the expected one."),
        new(ErrorCode.FencedStateEpoch, "FENCED_STATE_EPOCH", false, "The state's epoch is out of date."),
        new(ErrorCode.InvalidVoterKey, "INVALID_VOTER_KEY", false, "The voter's key is not the expected one."),
        new(ErrorCode.DuplicateVoter, "DUPLICATE_VOTER", false, "The voter is in the set."),
        new(ErrorCode.VoterNotFound, "VOTER_NOT_FOUND", false, "The voter is not in the set."),
        new(ErrorCode.InvalidRegularExpression, "INVALID_REGULAR_EXPRESSION", false, "The regular expression is not valid."),
        new(ErrorCode.RebootstrapRequired, "REBOOTSTRAP_REQUIRED", false, "The client must start again from its bootstrap servers."),
        new(ErrorCode.StreamsInvalidTopology, "STREAMS_INVALID_TOPOLOGY", false, "The topology is not valid."),
        new(ErrorCode.StreamsInvalidTopologyEpoch, "STREAMS_INVALID_TOPOLOGY_EPOCH", false, "The topology's epoch is not valid."),
        new(ErrorCode.StreamsTopologyFenced, "STREAMS_TOPOLOGY_FENCED", false, "The topology's epoch is out of date."),
        new(ErrorCode.ShareSessionLimitReached, "SHARE_SESSION_LIMIT_REACHED", true, "The broker has no room for another share session."),
    ];

    /// <summary>Gets all error codes, in their order.</summary>
    public static IReadOnlyList<ErrorInfo> All => Table;

    /// <summary>Looks up an error code.</summary>
    /// <param name="code">The code.</param>
    /// <returns>Its facts; codes of a newer protocol are given as not retriable.</returns>
    public static ErrorInfo Info(this ErrorCode code)
    {
        int index = (int)code - First;
        return (uint)index < (uint)Table.Length ? Table[index] : new(code, $"ERROR_{(short)code}", Retriable: false, "An error code that this version does not know.");
    }

    /// <summary>The text for people.</summary>
    /// <param name="code">The code.</param>
    /// <returns>The text.</returns>
    public static string Text(this ErrorCode code) => code.Info().Text;
}

/// <summary>The facts about one error code.</summary>
/// <param name="Code">The code.</param>
/// <param name="Name">The name in Kafka's documentation and in other clients.</param>
/// <param name="Retriable">Whether the same request may succeed later.</param>
/// <param name="Text">What happened, for people.</param>
public sealed record ErrorInfo(ErrorCode Code, string Name, bool Retriable, string Text);
