package io.virtualimage.sandbox.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VariableExpansionTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "$(A)                 | one",
                "$(A)$(B)             | onetwo $(A)", // what is put in is not looked at again
                "--x=$(A),$(NONE)     | --x=one,$(NONE)",
                "$$(A)                | $(A)",
                "$$$(A)               | $one",
                "echo $$; $A ${A}     | echo $; $A ${A}",
                "a$                   | a$",
                "$(A                  | $(A",
                "$()                  | $()",
                "n=$(cat /f); $(A)    | n=$(cat /f); one",
            })
    void expandsAsKubernetesDoes(String text, String expanded) {
        assertThat(VariableExpansion.expand(text, Map.of("A", "one", "B", "two $(A)")))
                .isEqualTo(expanded);
    }
}
