package io.virtualimage.publisher.care;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.publisher.TestClock;
import io.virtualimage.topics.Recorded;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AgendaTest {
    private static final Duration INTERVAL = Duration.ofMinutes(5);
    private static final Recorded SOME =
            CaretakerTest.recorded(CaretakerTest.published(CaretakerTest.version(1, 0)), 1);

    private final TestClock clock = new TestClock();
    private final Agenda agenda = new Agenda(clock, INTERVAL);

    /** Who is taken in that time, second by second, and when. */
    private Map<String, List<Instant>> taken(Duration time) {
        Map<String, List<Instant>> turns = new TreeMap<>();
        for (long second = 0; second < time.toSeconds(); second++) {
            clock.advance(Duration.ofSeconds(1));
            for (var next = agenda.take(); next.isPresent(); next = agenda.take()) {
                turns.computeIfAbsent(next.get(), uid -> new ArrayList<>()).add(clock.instant());
                agenda.done(next.get());
            }
        }
        return turns;
    }

    @Test
    void everyImageHasItsTurnOnceInAnIntervalAndTheyAreSpread() {
        for (int i = 0; i < 300; i++) {
            agenda.changed(new UUID(i * 7_919L, i).toString(), SOME);
        }
        assertThat(agenda.take()).isEmpty();
        Map<String, List<Instant>> turns = taken(INTERVAL.multipliedBy(3));
        assertThat(turns).hasSize(300).allSatisfy((uid, times) -> {
            assertThat(times).hasSize(3);
            assertThat(Duration.between(times.get(0), times.get(1))).isEqualTo(INTERVAL);
        });
        Map<Instant, Long> perSecond = turns.values().stream()
                .map(List::getFirst)
                .collect(java.util.stream.Collectors.groupingBy(it -> it, java.util.stream.Collectors.counting()));
        assertThat(perSecond.size()).isGreaterThan(150);
    }

    @Test
    void anImageKeepsItsTimeWhoeverLooksAfterIt() {
        agenda.changed("uid-1", SOME);
        Instant turn = taken(INTERVAL).get("uid-1").getFirst();
        clock.advance(Duration.ofSeconds(17));
        Agenda other = new Agenda(clock, INTERVAL);
        other.changed("uid-1", SOME);
        while (other.take().isEmpty()) {
            clock.advance(Duration.ofSeconds(1));
        }
        assertThat(clock.instant()).isEqualTo(turn.plus(INTERVAL));
    }

    @Test
    void anotherLastWordDoesNotPutItOff() {
        agenda.changed("uid-1", SOME);
        for (int i = 0; i < 299; i++) {
            clock.advance(Duration.ofSeconds(1));
            agenda.changed("uid-1", SOME);
        }
        clock.advance(Duration.ofSeconds(1));
        assertThat(agenda.take()).contains("uid-1");
    }

    @Test
    void whoIsHurriedIsNextAndOnce() {
        agenda.changed("uid-1", SOME);
        agenda.hurry("uid-1");
        agenda.hurry("uid-1");
        agenda.hurry("uid-2");
        assertThat(agenda.take()).contains("uid-1");
        assertThat(agenda.take()).isEmpty();
    }

    @Test
    void whoIsHurriedOvertakesThoseWhoAreOverdue() {
        for (int i = 0; i < 100; i++) {
            agenda.changed("uid-" + i, SOME);
        }
        clock.advance(INTERVAL.multipliedBy(3));
        agenda.hurry("uid-77");
        assertThat(agenda.take()).contains("uid-77");
    }

    @Test
    void nobodyIsLookedAtByTwoAtATime() {
        agenda.changed("uid-1", SOME);
        agenda.hurry("uid-1");
        assertThat(agenda.take()).contains("uid-1");
        agenda.hurry("uid-1");
        assertThat(agenda.take()).isEmpty();
        agenda.done("uid-1");
        assertThat(agenda.take()).contains("uid-1");
    }

    @Test
    void whatIsNotOursAnyMoreIsLeftAlone() {
        agenda.changed("uid-1", SOME);
        agenda.hurry("uid-1");
        agenda.changed("uid-1", null);
        agenda.changed("uid-2", null);
        assertThat(taken(INTERVAL)).isEmpty();
        agenda.hurry("uid-1");
        assertThat(agenda.take()).isEmpty();
    }
}
