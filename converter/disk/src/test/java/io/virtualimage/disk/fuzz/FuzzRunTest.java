package io.virtualimage.disk.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the command line asks for, and what the engine says. */
class FuzzRunTest {
    @Test
    void planForAll() {
        Map<FuzzTarget, Duration> budgets =
                FuzzPlan.of("12", "5", "", "qcow2=20,vhdx=20").budgets();
        assertThat(budgets).hasSize(FuzzTarget.values().length);
        assertThat(budgets)
                .containsEntry(FuzzTarget.QCOW2, Duration.ofMinutes(20))
                .containsEntry(FuzzTarget.VHDX, Duration.ofMinutes(20))
                .containsEntry(FuzzTarget.VDI, Duration.ofMinutes(5));
    }

    @Test
    void planForSome() {
        assertThat(FuzzPlan.of("12", "", "vmdk,iso", "").budgets())
                .isEqualTo(Map.of(FuzzTarget.VMDK, Duration.ofSeconds(12), FuzzTarget.ISO, Duration.ofSeconds(12)));
    }

    @Test
    void wrongPlans() {
        assertThatThrownBy(() -> FuzzPlan.of("12", "", "vmkd", "")).hasMessageContaining("no target 'vmkd'");
        assertThatThrownBy(() -> FuzzPlan.of("12", "-1", "", "")).hasMessageContaining("'-1'");
        assertThatThrownBy(() -> FuzzPlan.of("12", "", "", "qcow2")).hasMessageContaining("'qcow2'");
    }

    @Test
    void stats() {
        FuzzStats stats = FuzzStats.of(List.of(
                "#2\tINITED cov: 10 ft: 11 corp: 1/2b exec/s: 0 rss: 400Mb",
                "#1042\tNEW    cov: 328 ft: 3881 corp: 94/149Kb lim: 3009 exec/s: 173 rss: 428Mb L: 1/2 MS: 4 Custom-",
                "== Java Exception: java.lang.IllegalStateException: no",
                "DEDUP_TOKEN: e294bf64317f435b",
                "stat::number_of_executed_units: 2000"));
        assertThat(stats).isEqualTo(new FuzzStats(2000, 328, 3881, 94, true, List.of("e294bf64317f435b")));
    }
}
