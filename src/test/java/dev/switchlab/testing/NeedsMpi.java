package dev.switchlab.testing;

import dev.switchlab.distributed.MpiRun;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests that run several ranks, tagged {@code mpi}; without mpirun they are skipped with a message. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("mpi")
@ExtendWith(NeedsMpi.Condition.class)
public @interface NeedsMpi {

    /** Looks for mpirun. */
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (MpiRun.onPath("mpirun").isPresent()) {
                return ConditionEvaluationResult.enabled("there is an mpirun");
            }
            String reason = "there is no mpirun (Debian: openmpi-bin), so several ranks are not tested";
            System.err.println(context.getDisplayName() + ": " + reason);
            return ConditionEvaluationResult.disabled(reason);
        }
    }
}
