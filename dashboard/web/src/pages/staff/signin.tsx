import { useState } from "preact/hooks";
import { changePassword, signIn } from "../../api/calls.ts";
import { Button, Field, Notice, RefusalNotice } from "../../parts/basics.tsx";
import { say } from "../../parts/toast.tsx";
import { useDeed } from "../../parts/work.ts";
import { go } from "../../router.ts";
import { enter, loadSession, session, sessionEnded } from "../../state.ts";
import { t } from "../../texts/texts.ts";

const MIN_PASSWORD_CHARS = 12;

function Password(props: {
  label: string;
  autocomplete: "current-password" | "new-password";
  value: string;
  hint?: string;
  error?: string | null;
  onInput: (value: string) => void;
}) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {({ id, describedBy }) => (
        <input
          id={id}
          type="password"
          autocomplete={props.autocomplete}
          required
          maxLength={200}
          aria-describedby={describedBy}
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function SignIn() {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const deed = useDeed();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void deed.run(async () => enter(await signIn(login.trim(), password)));
  };
  return (
    <form class="card narrow" onSubmit={submit}>
      <h1>{t("signin.title")}</h1>
      {sessionEnded.value && <Notice tone="info">{t("signin.ended")}</Notice>}
      <Field label={t("signin.login")}>
        {({ id }) => (
          <input
            id={id}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            maxLength={100}
            value={login}
            onInput={(event) => setLogin(event.currentTarget.value)}
          />
        )}
      </Field>
      <Password
        label={t("signin.password")}
        autocomplete="current-password"
        value={password}
        onInput={setPassword}
      />
      <RefusalNotice refusal={deed.refusal} />
      <Button type="submit" look="main" busy={deed.busy}>
        {t("signin.go")}
      </Button>
    </form>
  );
}

/** Before the first use, and whenever somebody wants another one. */
export function ChangePassword() {
  const first = session.value?.user?.must_change_password ?? false;
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const deed = useDeed();
  const differs = again !== "" && fresh !== again;
  const short = fresh !== "" && fresh.length < MIN_PASSWORD_CHARS;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (differs || short) return;
    void deed.run(async () => {
      await changePassword(old, fresh);
      say(t("password.changed"));
      if (!first) go("/staff", "replace");
      await loadSession();
    });
  };
  return (
    <form class="card narrow" onSubmit={submit}>
      <h1>{t("password.title")}</h1>
      <p>
        {first
          ? t("password.lead", { name: session.value?.user?.name ?? "" })
          : t("password.others_end")}
      </p>
      <input
        class="visually-hidden"
        type="text"
        autocomplete="username"
        readOnly
        tabIndex={-1}
        aria-hidden="true"
        value={session.value?.user?.login ?? ""}
      />
      <Password
        label={t("password.old")}
        autocomplete="current-password"
        value={old}
        onInput={setOld}
      />
      <Password
        label={t("password.new")}
        hint={t("password.hint", { n: MIN_PASSWORD_CHARS })}
        error={short ? t("password.hint", { n: MIN_PASSWORD_CHARS }) : null}
        autocomplete="new-password"
        value={fresh}
        onInput={setFresh}
      />
      <Password
        label={t("password.again")}
        error={differs ? t("password.differs") : null}
        autocomplete="new-password"
        value={again}
        onInput={setAgain}
      />
      <RefusalNotice refusal={deed.refusal} />
      <Button type="submit" look="main" busy={deed.busy} disabled={differs || short || !again}>
        {first ? t("password.go") : t("password.title")}
      </Button>
    </form>
  );
}
