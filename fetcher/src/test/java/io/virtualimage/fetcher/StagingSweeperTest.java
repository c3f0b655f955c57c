package io.virtualimage.fetcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StagingSweeperTest {
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final FakeLedger ledger = new FakeLedger();
    private final StagingSweeper sweeper = new StagingSweeper(staging, ledger);

    private static final class FakeLedger implements Ledger {
        private final Map<String, Incarnation> wanted = new HashMap<>();
        private boolean behind;

        @Override
        public Verdict judge(Incarnation image, Position cause) {
            return judgeNow(image);
        }

        @Override
        public Verdict judgeNow(Incarnation image) {
            return image.equals(wanted.get(image.uid())) ? Verdict.WANTED : Verdict.STALE;
        }

        @Override
        public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
            if (behind) {
                throw new LedgerBehindException("behind");
            }
            return Optional.ofNullable(wanted.get(uid));
        }
    }

    private static Incarnation image(String uid, int generation) {
        return new Incarnation("ns", "vi", uid, generation, 0);
    }

    private void stage(String uid, int generation) {
        staging.putDocument(image(uid, generation), 0, "facts", new byte[] {1});
    }

    @Test
    void olderVersionsGo() throws Exception {
        stage("a", 1);
        stage("a", 2);
        stage("a", 3);
        ledger.wanted.put("a", image("a", 2));
        sweeper.sweep();
        assertThat(staging.objectNames()).hasSize(2).noneMatch(name -> name.startsWith("a/1."));
    }

    @Test
    void unwantedOnesGoWhenTheyAreUnwantedTwice() throws Exception {
        stage("a", 1);
        sweeper.sweep();
        assertThat(staging.objectNames()).isNotEmpty();
        sweeper.sweep();
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void oneThatTheLedgerHearsOfLateStays() throws Exception {
        stage("a", 1);
        sweeper.sweep();
        ledger.wanted.put("a", image("a", 1));
        sweeper.sweep();
        ledger.wanted.clear();
        sweeper.sweep();
        assertThat(staging.objectNames()).isNotEmpty();
    }

    @Test
    void nothingIsTouchedByOneWhoKnowsNothing() {
        stage("a", 1);
        ledger.behind = true;
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(sweeper::sweep).isInstanceOf(Ledger.LedgerBehindException.class);
        }
        assertThat(staging.objectNames()).isNotEmpty();
    }
}
