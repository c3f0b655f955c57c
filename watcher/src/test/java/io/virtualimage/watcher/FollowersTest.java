package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.watcher.Dependency.Kind;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FollowersTest {
    private final Dependency disk = Dependency.in("ns", Kind.VIRTUAL_DISK, "d");
    private final Dependency machines = Dependency.allIn("ns", Kind.VIRTUAL_MACHINE);
    private final Dependency classes = Dependency.ofCluster(Kind.STORAGE_CLASS, null);
    private final Followers followers = new Followers();

    @Test
    void anObjectIsFollowedByItsNameOrWithAllOfItsKind() {
        followers.follow("a", Set.of(disk, machines));
        followers.follow("b", Set.of(machines, classes));
        assertThat(followers.of(Kind.VIRTUAL_DISK, "ns", "d")).containsExactly("a");
        assertThat(followers.of(Kind.VIRTUAL_DISK, "ns", "e")).isEmpty();
        assertThat(followers.of(Kind.VIRTUAL_DISK, "other", "d")).isEmpty();
        assertThat(followers.of(Kind.VIRTUAL_MACHINE, "ns", "any")).containsExactlyInAnyOrder("a", "b");
        assertThat(followers.of(Kind.VIRTUAL_MACHINE, "other", "any")).isEmpty();
        assertThat(followers.of(Kind.STORAGE_CLASS, null, "any")).containsExactly("b");
    }

    @Test
    void whatIsFollowedNowIsAllThatIsFollowed() {
        followers.follow("a", Set.of(disk, machines));
        followers.follow("b", Set.of(machines));
        followers.follow("a", Set.of(classes));
        assertThat(followers.of(Kind.VIRTUAL_DISK, "ns", "d")).isEmpty();
        assertThat(followers.of(Kind.VIRTUAL_MACHINE, "ns", "any")).containsExactly("b");
        assertThat(followers.dependencies()).containsExactlyInAnyOrder(machines, classes);
        followers.follow("a", Set.of());
        followers.follow("b", Set.of());
        followers.follow("never", Set.of());
        assertThat(followers.dependencies()).isEmpty();
    }
}
