package io.virtualimage.sandbox.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A consumer group: who is a member, and who owns which partition. A partition that is to move is given up by its owner
 * first, unless that one was expelled.
 */
final class Membership<M> {
    private final Dice dice;
    private final List<M> members = new ArrayList<>();
    private final List<@Nullable M> owners = new ArrayList<>();
    private final List<@Nullable M> wanted = new ArrayList<>();

    Membership(int partitions, Dice dice) {
        this.dice = dice;
        for (int p = 0; p < partitions; p++) {
            owners.add(null);
            wanted.add(null);
        }
    }

    boolean isMember(M member) {
        return members.contains(member);
    }

    List<M> members() {
        return List.copyOf(members);
    }

    void join(M member) {
        if (!members.contains(member)) {
            members.add(member);
            rebalance();
        }
    }

    /** Its session ran out. */
    void expel(M member) {
        if (members.remove(member)) {
            owners.replaceAll(owner -> Objects.equals(owner, member) ? null : owner);
            rebalance();
        }
    }

    private void rebalance() {
        for (int p = 0; p < wanted.size(); p++) {
            M stays = wanted.get(p);
            if (stays == null || !members.contains(stays) || dice.chance(0.4)) {
                wanted.set(p, members.isEmpty() ? null : dice.pick(members));
            }
        }
    }

    @Nullable
    M owner(int partition) {
        return owners.get(partition);
    }

    boolean owns(M member, int partition) {
        return Objects.equals(owners.get(partition), member);
    }

    /** Whether its owner is to give the partition up. */
    boolean isRevoked(M member, int partition) {
        return owns(member, partition) && !Objects.equals(wanted.get(partition), member);
    }

    boolean mayTake(M member, int partition) {
        return owners.get(partition) == null && Objects.equals(wanted.get(partition), member);
    }

    void take(M member, int partition) {
        owners.set(partition, member);
    }

    void release(M member, int partition) {
        if (owns(member, partition)) {
            owners.set(partition, null);
        }
    }

    /** Whether there is something to do for a member, about its partitions. */
    boolean isUnsettled(M member) {
        if (!isMember(member)) {
            return true;
        }
        for (int p = 0; p < owners.size(); p++) {
            if (isRevoked(member, p) || mayTake(member, p)) {
                return true;
            }
        }
        return false;
    }
}
