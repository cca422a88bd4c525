//! The C interface: each function writes down what it was asked, and passes it on as the plan says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki_sys::*;

use crate::plan::{Plan, Step};
use crate::record::Call;
use crate::{FOLDER, MODULE, RECORD, RULE};

/// The real library, and what is known of the process that uses it.
struct Between {
    real: CK_FUNCTION_LIST,
    rule: PathBuf,
    state: Mutex<State>,
}

struct State {
    record: File,
    number: u64,
    plan: Plan,
    slots: BTreeSet<CK_SLOT_ID>,
    /// The key that each session signs with.
    signing: HashMap<CK_SESSION_HANDLE, CK_OBJECT_HANDLE>,
    /// Whether what the call under way has given is to be made untrue.
    is_untrue: bool,
}

static BETWEEN: OnceLock<Option<Between>> = OnceLock::new();

fn between() -> Option<&'static Between> {
    BETWEEN.get_or_init(Between::load).as_ref()
}

impl Between {
    fn load() -> Option<Self> {
        let (module, folder) = (env::var_os(MODULE)?, PathBuf::from(env::var_os(FOLDER)?));
        // SAFETY: the test names a PKCS#11 library, and such a library may be loaded anywhere.
        let library = unsafe { Pkcs11::new(module) }.ok()?;
        let mut list = ptr::null_mut();
        // SAFETY: the pointer is valid, and the library fills it.
        if library.C_GetFunctionList.is_err() || unsafe { library.C_GetFunctionList(&mut list) } != CKR_OK {
            return None;
        }
        // SAFETY: the library said that it has given a list, which lives as long as the library is loaded.
        let real = *unsafe { list.as_ref() }?;
        // It stays loaded for as long as there is anybody to call it.
        std::mem::forget(library);
        let record = OpenOptions::new().create(true).append(true).open(folder.join(RECORD)).ok()?;
        let state = State {
            record,
            number: 0,
            plan: Plan::default(),
            slots: BTreeSet::new(),
            signing: HashMap::new(),
            is_untrue: false,
        };
        Some(Self { real, rule: folder.join(RULE), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a call on, or not, and writes it down.
    fn pass(
        &self,
        function: &str,
        carry: impl FnOnce(&CK_FUNCTION_LIST) -> CK_RV,
        facts: impl FnOnce(&mut State, bool, &mut Facts),
    ) -> CK_RV {
        let line = fs::read_to_string(&self.rule).unwrap_or_default();
        let step = self.state().plan.next(function, &line);
        // Not under the lock: the real library may take its time, and others may call meanwhile.
        let (inner, other) = match step {
            Step::Carry | Step::CarryUntruly => (Some(carry(&self.real)), None),
            Step::CarryAndAnswer(code) => (Some(carry(&self.real)), Some(code)),
            Step::Answer(code) => (None, Some(code)),
            Step::PullAndAnswer(code) => {
                self.pull();
                (None, Some(code))
            }
        };
        let answer = other.map_or_else(|| inner.unwrap_or(CKR_OK), |code| code as CK_RV);
        let mut state = self.state();
        state.is_untrue = step == Step::CarryUntruly && inner == Some(CKR_OK);
        let mut about = Facts(BTreeMap::new());
        facts(&mut state, inner == Some(CKR_OK), &mut about);
        state.number += 1;
        let inner = inner.map(u64_of);
        let call = Call {
            number: state.number,
            function: function.to_owned(),
            facts: about.0,
            inner,
            answer: u64_of(answer),
        };
        // A test that reads the record notices what is missing in it.
        let _ = state.record.write_all(format!("{call}\n").as_bytes());
        answer
    }

    /// Closes every session behind everybody's back.
    fn pull(&self) {
        let slots: Vec<_> = self.state().slots.iter().copied().collect();
        for slot in slots {
            if let Some(close) = self.real.C_CloseAllSessions {
                // SAFETY: any number may be given as a slot.
                unsafe { close(slot) };
            }
        }
    }
}

/// What a call was about.
struct Facts(BTreeMap<String, String>);

impl Facts {
    fn number(&mut self, name: &str, number: CK_ULONG) {
        self.0.insert(name.to_owned(), number.to_string());
    }

    fn text(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), text.into());
    }

    /// What a pointer of the caller points to, when there is something.
    ///
    /// # Safety
    /// The pointer is null, or valid and filled.
    unsafe fn at(&mut self, name: &str, pointer: *const CK_ULONG) {
        // SAFETY: as the caller of this promises.
        if let Some(number) = unsafe { pointer.as_ref() } {
            self.number(name, *number);
        }
    }

    /// # Safety
    /// The pointer is null, or valid.
    unsafe fn mechanism(&mut self, pointer: *const CK_MECHANISM) {
        // SAFETY: as the caller of this promises.
        if let Some(mechanism) = unsafe { pointer.as_ref() } {
            self.text("mechanism", format!("{:#x}", mechanism.mechanism));
        }
    }

    /// The types of attributes that are asked for.
    ///
    /// # Safety
    /// The pointer is null, or valid for so many attributes.
    unsafe fn types(&mut self, pointer: *const CK_ATTRIBUTE, count: CK_ULONG) {
        // SAFETY: as the caller of this promises.
        let attributes = unsafe { attributes(pointer, count) };
        let types: Vec<_> = attributes.iter().map(|attribute| format!("{:#x}", attribute.type_)).collect();
        self.text("types", types.join(","));
    }

    /// Attributes with their values, in hexadecimal.
    ///
    /// # Safety
    /// The pointer is null, or valid for so many attributes, whose values are valid too.
    unsafe fn template(&mut self, name: &str, pointer: *const CK_ATTRIBUTE, count: CK_ULONG) {
        // SAFETY: as the caller of this promises.
        let attributes = unsafe { attributes(pointer, count) };
        let each = attributes.iter().map(|attribute| {
            // SAFETY: as the caller of this promises.
            let value = unsafe { octets(attribute.pValue.cast(), attribute.ulValueLen) };
            let digits: String = value.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("{:#x}:{digits}", attribute.type_)
        });
        let each: Vec<_> = each.collect();
        self.text(name, each.join(","));
    }
}

/// # Safety
/// The pointer is null, or valid for so many attributes for as long as the slice is used.
unsafe fn attributes<'a>(pointer: *const CK_ATTRIBUTE, count: CK_ULONG) -> &'a [CK_ATTRIBUTE] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: as the caller of this promises.
    unsafe { std::slice::from_raw_parts(pointer, count as usize) }
}

/// # Safety
/// The pointer is null, or valid for so many octets for as long as the slice is used.
unsafe fn octets<'a>(pointer: *const u8, count: CK_ULONG) -> &'a [u8] {
    if pointer.is_null() {
        return &[];
    }
    // SAFETY: as the caller of this promises.
    unsafe { std::slice::from_raw_parts(pointer, count as usize) }
}

/// Makes a class unknown and a point one that is not on its curve.
///
/// # Safety
/// The pointer is null, or valid for so many attributes, whose values are null, or valid and filled.
unsafe fn spoil(pointer: *mut CK_ATTRIBUTE, count: CK_ULONG) {
    // SAFETY: as the caller of this promises.
    for attribute in unsafe { attributes(pointer, count) } {
        let value: *mut u8 = attribute.pValue.cast();
        let is_there = !value.is_null() && attribute.ulValueLen != CK_UNAVAILABLE_INFORMATION;
        if is_there && [CKA_CLASS, CKA_EC_POINT].contains(&attribute.type_) && attribute.ulValueLen > 0 {
            // SAFETY: as the caller of this promises; it is the last octet.
            unsafe { *value.add(attribute.ulValueLen as usize - 1) ^= 0x80 };
        }
    }
}

fn u64_of(code: CK_RV) -> u64 {
    #[allow(clippy::useless_conversion, reason = "of 32 bits on some targets")]
    u64::from(code)
}

/// Makes the functions, and the list that a caller is given: those that the real library has, and none that is not here.
macro_rules! functions {
    ($($name:ident($($argument:ident: $type:ty),*) |$state:ident, $done:ident, $facts:ident| $about:block)*) => {
        $(
            #[allow(non_snake_case, reason = "as PKCS#11 names it")]
            unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
                let Some(between) = between() else { return CKR_GENERAL_ERROR };
                between.pass(
                    stringify!($name),
                    |real| match real.$name {
                        // SAFETY: what the caller promises the library, it has promised here.
                        Some(carry) => unsafe { carry($($argument),*) },
                        None => CKR_FUNCTION_NOT_SUPPORTED,
                    },
                    // SAFETY: the pointers are as the caller promises; what the library has filled is read only when it is done.
                    #[allow(unused_variables, unused_unsafe, reason = "not every call tells something")]
                    |$state: &mut State, $done: bool, $facts: &mut Facts| unsafe { $about },
                )
            }
        )*

        fn list(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST {
                version: real.version,
                C_GetFunctionList: Some(C_GetFunctionList),
                $($name: real.$name.and(Some($name as _)),)*
                ..NOTHING
            }
        }
    };
}

/// A list without functions.
// SAFETY: a version of zeros is one, and every function is an `Option`, whose `None` is a null pointer.
const NOTHING: CK_FUNCTION_LIST = unsafe { std::mem::zeroed() };

functions! {
    C_Initialize(arguments: *mut std::os::raw::c_void) |state, done, facts| {}
    C_Finalize(reserved: *mut std::os::raw::c_void) |state, done, facts| {}
    C_GetInfo(info: *mut CK_INFO) |state, done, facts| {}
    C_GetSlotList(with_token: CK_BBOOL, slots: *mut CK_SLOT_ID, count: *mut CK_ULONG) |state, done, facts| {
        if done {
            facts.at("count", count);
        }
    }
    C_GetSlotInfo(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) |state, done, facts| {
        facts.number("slot", slot);
    }
    C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) |state, done, facts| {
        facts.number("slot", slot);
        if let Some(info) = info.as_mut().filter(|_| state.is_untrue) {
            info.serialNumber = *b"another         ";
        }
    }
    C_GetMechanismInfo(slot: CK_SLOT_ID, mechanism: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO) |state, done, facts| {
        facts.number("slot", slot);
        facts.text("mechanism", format!("{mechanism:#x}"));
    }
    C_OpenSession(
        slot: CK_SLOT_ID,
        flags: CK_FLAGS,
        application: *mut std::os::raw::c_void,
        notify: CK_NOTIFY,
        session: *mut CK_SESSION_HANDLE
    ) |state, done, facts| {
        facts.number("slot", slot);
        facts.text("writes", if flags & CKF_RW_SESSION == 0 { "no" } else { "yes" });
        if done {
            state.slots.insert(slot);
            facts.at("session", session);
        }
    }
    C_CloseSession(session: CK_SESSION_HANDLE) |state, done, facts| {
        facts.number("session", session);
        if done {
            state.signing.remove(&session);
        }
    }
    C_CloseAllSessions(slot: CK_SLOT_ID) |state, done, facts| {
        facts.number("slot", slot);
    }
    C_GetSessionInfo(session: CK_SESSION_HANDLE, info: *mut CK_SESSION_INFO) |state, done, facts| {
        facts.number("session", session);
    }
    C_Login(session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: *mut CK_UTF8CHAR, len: CK_ULONG) |state, done, facts| {
        facts.number("session", session);
        facts.number("user", user);
    }
    C_Logout(session: CK_SESSION_HANDLE) |state, done, facts| {
        facts.number("session", session);
    }
    C_CreateObject(
        session: CK_SESSION_HANDLE,
        template: *mut CK_ATTRIBUTE,
        count: CK_ULONG,
        object: *mut CK_OBJECT_HANDLE
    ) |state, done, facts| {
        facts.number("session", session);
        facts.types(template, count);
    }
    C_CopyObject(
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        template: *mut CK_ATTRIBUTE,
        count: CK_ULONG,
        copy: *mut CK_OBJECT_HANDLE
    ) |state, done, facts| {
        facts.number("session", session);
        facts.number("object", object);
    }
    C_DestroyObject(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) |state, done, facts| {
        facts.number("session", session);
        facts.number("object", object);
    }
    C_GetAttributeValue(
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        template: *mut CK_ATTRIBUTE,
        count: CK_ULONG
    ) |state, done, facts| {
        facts.number("session", session);
        facts.number("object", object);
        facts.types(template, count);
        if state.is_untrue {
            spoil(template, count);
        }
    }
    C_SetAttributeValue(
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        template: *mut CK_ATTRIBUTE,
        count: CK_ULONG
    ) |state, done, facts| {
        facts.number("session", session);
        facts.number("object", object);
        facts.types(template, count);
    }
    C_FindObjectsInit(session: CK_SESSION_HANDLE, template: *mut CK_ATTRIBUTE, count: CK_ULONG) |state, done, facts| {
        facts.number("session", session);
        facts.template("template", template, count);
    }
    C_FindObjects(
        session: CK_SESSION_HANDLE,
        objects: *mut CK_OBJECT_HANDLE,
        room: CK_ULONG,
        count: *mut CK_ULONG
    ) |state, done, facts| {
        facts.number("session", session);
        if let Some(count) = count.as_mut().filter(|_| state.is_untrue && !objects.is_null()) {
            let first = if *count == 0 { 1 } else { *objects };
            std::slice::from_raw_parts_mut(objects, room as usize).fill(first);
            *count = room;
        }
        if done {
            facts.at("count", count);
        }
    }
    C_FindObjectsFinal(session: CK_SESSION_HANDLE) |state, done, facts| {
        facts.number("session", session);
    }
    C_SignInit(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE) |state, done, facts| {
        facts.number("session", session);
        facts.mechanism(mechanism);
        facts.number("key", key);
        if done {
            state.signing.insert(session, key);
        }
    }
    C_Sign(
        session: CK_SESSION_HANDLE,
        data: *mut CK_BYTE,
        len: CK_ULONG,
        signature: *mut CK_BYTE,
        room: *mut CK_ULONG
    ) |state, done, facts| {
        facts.number("session", session);
        facts.text("asks", if signature.is_null() { "length" } else { "signature" });
        if let Some(key) = state.signing.get(&session) {
            facts.number("key", *key);
        }
        if let Some(room) = room.as_mut().filter(|_| state.is_untrue && !signature.is_null()) {
            *room -= 1;
        }
    }
    C_SignUpdate(session: CK_SESSION_HANDLE, data: *mut CK_BYTE, len: CK_ULONG) |state, done, facts| {
        facts.number("session", session);
    }
    C_SignFinal(session: CK_SESSION_HANDLE, signature: *mut CK_BYTE, room: *mut CK_ULONG) |state, done, facts| {
        facts.number("session", session);
    }
    C_GenerateKeyPair(
        session: CK_SESSION_HANDLE,
        mechanism: *mut CK_MECHANISM,
        public_template: *mut CK_ATTRIBUTE,
        public_count: CK_ULONG,
        private_template: *mut CK_ATTRIBUTE,
        private_count: CK_ULONG,
        public: *mut CK_OBJECT_HANDLE,
        private: *mut CK_OBJECT_HANDLE
    ) |state, done, facts| {
        facts.number("session", session);
        facts.mechanism(mechanism);
        facts.template("wanted", private_template, private_count);
        if done {
            facts.at("public", public);
            facts.at("private", private);
        }
    }
    C_WrapKey(
        session: CK_SESSION_HANDLE,
        mechanism: *mut CK_MECHANISM,
        with: CK_OBJECT_HANDLE,
        key: CK_OBJECT_HANDLE,
        wrapped: *mut CK_BYTE,
        room: *mut CK_ULONG
    ) |state, done, facts| {
        facts.number("session", session);
        facts.number("key", key);
    }
    C_DeriveKey(
        session: CK_SESSION_HANDLE,
        mechanism: *mut CK_MECHANISM,
        from: CK_OBJECT_HANDLE,
        template: *mut CK_ATTRIBUTE,
        count: CK_ULONG,
        key: *mut CK_OBJECT_HANDLE
    ) |state, done, facts| {
        facts.number("session", session);
        facts.number("object", from);
    }
}

/// Where a caller begins (PKCS#11 2.40, 5.4).
///
/// # Safety
/// The pointer is null, or may be written to.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "as PKCS#11 names it")]
pub(crate) unsafe extern "C" fn C_GetFunctionList(place: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    struct List(CK_FUNCTION_LIST);
    // SAFETY: a list of functions that any thread may call.
    unsafe impl Send for List {}
    // SAFETY: nobody writes to it.
    unsafe impl Sync for List {}
    static LIST: OnceLock<List> = OnceLock::new();

    // SAFETY: as the caller promises.
    let (Some(between), Some(place)) = (between(), unsafe { place.as_mut() }) else {
        return CKR_GENERAL_ERROR;
    };
    let list = LIST.get_or_init(|| List(list(&between.real)));
    *place = ptr::from_ref(&list.0).cast_mut();
    CKR_OK
}
